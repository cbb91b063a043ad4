import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import { CERTIFICATE_FILE, KEY_FILE, TRUST_FILE } from './certificate-secrets.ts';
import { CertificateTextError, keyFits, parseCertificate, parseCertificates } from './certificate-text.ts';
import type { TlsMaterial, TlsMaterialSource } from './tls-material.ts';

export interface CertificateFilesOptions {
  /** Where the Secret is mounted. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often to look. @default 5000 */
  readonly pollMilliseconds?: number;
}

/** Certificate files that are read again when they change. */
export interface CertificateFiles extends TlsMaterialSource {
  /** Looks for changes until the signal aborts. Files that cannot be used are logged and not taken over. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Reads the files; rejects with {@link CertificateTextError} or the system's error when they cannot be used.
 * Changes are found by looking, not by watching: a kubelet replaces the link `..data`, and a watch on what
 * it pointed to falls silent.
 */
export async function openCertificateFiles(options: CertificateFilesOptions): Promise<CertificateFiles> {
  const { directory, clock, logger, pollMilliseconds = 5000 } = options;
  const handlers = new Set<() => void>();
  let current = await readMaterial(directory);

  const look = async (): Promise<void> => {
    const next = await readMaterial(directory);
    const changed = next.certificate !== current.certificate || next.key !== current.key;
    if (changed || next.authorities !== current.authorities) {
      current = next;
      const { validTo, subject } = parseCertificate(next.certificate);
      logger.info('certificate files have changed', { subject, validTo });
      handlers.forEach((handler) => handler());
    }
  };

  return {
    current: () => current,
    onChange(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(pollMilliseconds, signal).catch(() => {});
        if (!signal.aborted) {
          await look().catch((error: unknown) =>
            logger.warn('certificate files cannot be used, the former ones stay', errorFields(error)),
          );
        }
      }
    },
  };
}

/** One consistent set of files. */
async function readMaterial(directory: string): Promise<TlsMaterial> {
  // All files through one resolved link: between two of them the kubelet may swap the Secret's version.
  const version = await realpath(join(directory, '..data')).catch(() => directory);
  const [certificate, key, authorities] = await Promise.all(
    [CERTIFICATE_FILE, KEY_FILE, TRUST_FILE].map((name) => readFile(join(version, name), 'utf8')),
  );
  if (certificate === undefined || key === undefined || authorities === undefined) {
    throw new CertificateTextError('files are missing');
  }
  if (!keyFits(parseCertificate(certificate), key)) {
    throw new CertificateTextError('the key does not fit the certificate');
  }
  if (parseCertificates(authorities).length === 0) {
    throw new CertificateTextError('no authority is trusted');
  }
  return { certificate, key, authorities };
}
