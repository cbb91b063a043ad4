/** Files that are mounted into the pod, and change while it runs. */
import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { ROUTER_SECRET_KEYS } from '../pod-contract.ts';
import type { OwnAccount } from '../topology/own-account.ts';

/** What they say now. */
export interface RouterFiles {
  /** What credentials of users are derived from. */
  secret(): string;
  account(): OwnAccount;
  /** Authorities of the servers' certificates, PEM. */
  authority(): string;
  /** What clients are shown. */
  tls(): SecureContext;
  /** Looks for changes until the signal aborts. What cannot be used is logged and not taken over. */
  run(signal: AbortSignal): Promise<void>;
}

export interface RouterFilesOptions {
  readonly folders: { readonly secret: string; readonly tls: string; readonly authority: string };
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often to look. @default 5000 */
  readonly pollMilliseconds?: number;
}

interface Content {
  readonly secret: string;
  readonly account: OwnAccount;
  readonly authority: string;
  readonly tls: SecureContext;
  readonly digest: string;
}

/** Reads everything once; rejects when something cannot be used. */
export async function openRouterFiles(options: RouterFilesOptions): Promise<RouterFiles> {
  const { clock, logger, pollMilliseconds = 5000 } = options;
  let content = await readContent(options, undefined);
  const look = async (): Promise<void> => {
    try {
      const next = await readContent(options, content);
      if (next !== content) {
        content = next;
        logger.info('mounted files have changed');
      }
    } catch (error) {
      logger.warn('mounted files cannot be used, the former ones stay', errorFields(error));
    }
  };
  return {
    secret: () => content.secret,
    account: () => content.account,
    authority: () => content.authority,
    tls: () => content.tls,
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

/** The former content where nothing has changed. */
async function readContent({ folders }: RouterFilesOptions, former: Content | undefined): Promise<Content> {
  const [secret, username, password] = await readAll(folders.secret, [
    ROUTER_SECRET_KEYS.key,
    ROUTER_SECRET_KEYS.username,
    ROUTER_SECRET_KEYS.password,
  ]);
  const [certificate, key] = await readAll(folders.tls, ['tls.crt', 'tls.key']);
  const [authority] = await readAll(folders.authority, ['ca.crt']);
  const parts = [secret, username, password, certificate, key, authority];
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  if (former?.digest === digest) {
    return former;
  }
  return {
    secret: trimmed(secret),
    account: { username: trimmed(username), password: trimmed(password) },
    authority: authority ?? '',
    tls: createSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' }),
    digest,
  };
}

/** Files of one folder, through one resolved link: between two of them the kubelet may swap the version. */
async function readAll(folder: string, names: readonly string[]): Promise<string[]> {
  const version = await realpath(join(folder, '..data')).catch(() => folder);
  return Promise.all(names.map((name) => readFile(join(version, name), 'utf8')));
}

function trimmed(text: string | undefined): string {
  return (text ?? '').replace(/\r?\n$/, '');
}
