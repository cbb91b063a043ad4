import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Account } from '../engines/accounts.ts';
import type { TlsFiles } from '../engines/member.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import { readAccounts } from './accounts-files.ts';
import { type AgentSettings, readSettings } from './settings.ts';

/** Files of the pod that change while it runs. */
export interface MountedFiles {
  settings(): AgentSettings;
  /** Null while they cannot be read. */
  accounts(): readonly Account[] | null;
  /** Tells one set of accounts from the next; holds no secret. */
  accountsDigest(): string;
  /** Tells one certificate of the server from the next; empty while it cannot be read. */
  certificatesDigest(): string;
  onChange(handler: () => void): () => void;
  /** Looks for changes until the signal aborts, then resolves. What cannot be used is logged and not taken over. */
  run(signal: AbortSignal): Promise<void>;
}

export interface MountedFilesOptions {
  /** File of the settings. */
  readonly settings: string;
  /** Folder of the accounts. */
  readonly accounts: string;
  readonly serverTls: TlsFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often to look. @default 5000 */
  readonly pollMilliseconds?: number;
}

interface Content {
  readonly settings: AgentSettings;
  readonly accounts: readonly Account[] | null;
  readonly accountsDigest: string;
  readonly certificatesDigest: string;
}

/** Reads everything once; rejects when there are no settings to go by. */
export async function openMountedFiles(options: MountedFilesOptions): Promise<MountedFiles> {
  const { clock, logger, pollMilliseconds = 5000 } = options;
  const handlers = new Set<() => void>();
  let content = await readContent(options, undefined);

  const look = async (): Promise<void> => {
    const next = await readContent(options, content.settings);
    const isChanged = JSON.stringify(next) !== JSON.stringify(content);
    content = next;
    if (isChanged) {
      logger.info('mounted files have changed');
      handlers.forEach((handler) => handler());
    }
  };

  return {
    settings: () => content.settings,
    accounts: () => content.accounts,
    accountsDigest: () => content.accountsDigest,
    certificatesDigest: () => content.certificatesDigest,
    onChange(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(pollMilliseconds, signal).catch(() => {});
        if (!signal.aborted) {
          await look();
        }
      }
    },
  };
}

async function readContent(
  options: MountedFilesOptions,
  formerSettings: AgentSettings | undefined,
): Promise<Content> {
  const settings = await readSettings(options.settings).catch((error: unknown) => {
    if (formerSettings === undefined) {
      throw error;
    }
    options.logger.warn('settings cannot be used, the former ones stay', errorFields(error));
    return formerSettings;
  });
  const accounts = await readAccounts(options.accounts, settings.accounts).catch((error: unknown) => {
    options.logger.warn('accounts cannot be read', errorFields(error));
    return null;
  });
  return {
    settings,
    accounts,
    accountsDigest: digest(JSON.stringify(accounts)),
    certificatesDigest: await readCertificates(options.serverTls),
  };
}

async function readCertificates(files: TlsFiles): Promise<string> {
  try {
    const parts = await Promise.all(
      [files.authority, files.certificate, files.key].map((path) => readFile(path)),
    );
    return digest(Buffer.concat(parts));
  } catch {
    return '';
  }
}

function digest(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
