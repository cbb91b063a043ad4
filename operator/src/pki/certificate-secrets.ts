/**
 * How authorities and certificates lie in Secrets, as text. One Secret holds all authorities of a cluster, its
 * keys included, and is mounted nowhere. Each holder has a Secret in the common layout: `tls.crt`, `tls.key`
 * and `ca.crt`, which also says since when it trusts whom.
 */
import type { KeyPair } from './certificate.ts';
import {
  CertificateTextError,
  describeAuthority,
  describeCertificate,
  fingerprintOf,
  keyFits,
  parseCertificate,
  parseCertificates,
} from './certificate-text.ts';
import type { AuthorityRecord, HolderRecord } from './decide-certificates.ts';

/** A Secret's data, decoded. */
export type SecretText = Readonly<Record<string, string>>;

/** An authority as stored, text and all. */
export interface StoredAuthority {
  readonly record: AuthorityRecord;
  readonly certificate: string;
  /** Undefined where it was lost. */
  readonly key: string | undefined;
}

const AUTHORITY_FILE = /^authority-(\d+)\.crt$/;
export const CERTIFICATE_FILE = 'tls.crt';
export const KEY_FILE = 'tls.key';
export const TRUST_FILE = 'ca.crt';
/** RFC 3339: when `ca.crt` last changed. */
const TRUSTED_SINCE = 'trusted-since';

/**
 * The authorities in the Secret, oldest first. One that cannot be read is left out, and is thereby replaced.
 * Where the Secret was lost, `holders` tell whom everybody trusts: those stay trusted until their certificates
 * are replaced, though they sign no more.
 */
export function readAuthorities(
  data: SecretText | undefined,
  holders: readonly SecretText[],
): StoredAuthority[] {
  if (data === undefined) {
    const known = new Map<string, StoredAuthority>();
    for (const certificate of holders.flatMap((holder) =>
      readOr(() => parseCertificates(holder[TRUST_FILE] ?? ''), []),
    )) {
      const record = describeAuthority(certificate, undefined);
      known.set(record.id, { record, certificate: certificate.toString(), key: undefined });
    }
    return [...known.values()].sort((a, b) => a.record.notBefore - b.record.notBefore);
  }
  return Object.keys(data)
    .flatMap((name) => AUTHORITY_FILE.exec(name)?.[1] ?? [])
    .sort((a, b) => Number(a) - Number(b))
    .flatMap((number) => {
      const pem = data[`authority-${number}.crt`] ?? '';
      const key = data[`authority-${number}.key`];
      return readOr<StoredAuthority[]>(() => {
        const record = describeAuthority(parseCertificate(pem), key);
        return [{ record, certificate: pem, key }];
      }, []);
    });
}

/** The Secret's data for these authorities, oldest first. */
export function writeAuthorities(authorities: readonly StoredAuthority[]): SecretText {
  return Object.fromEntries(
    authorities.flatMap(({ certificate, key }, index) => [
      [`authority-${index + 1}.crt`, certificate],
      ...(key === undefined ? [] : [[`authority-${index + 1}.key`, key] as const]),
    ]),
  );
}

/** A new authority, as it is stored. */
export function storeAuthority(pair: KeyPair): StoredAuthority {
  return { record: describeAuthority(parseCertificate(pair.certificate), pair.key), ...pair };
}

/** What a decision needs to know of a holder's Secret. */
export function readHolder(
  name: string,
  data: SecretText,
  authorities: readonly StoredAuthority[],
): HolderRecord {
  const issuers = authorities.map(({ certificate }) => parseCertificate(certificate));
  const trustedSince = Date.parse(data[TRUSTED_SINCE] ?? '');
  return {
    name,
    certificate: readOr(() => {
      const certificate = parseCertificate(data[CERTIFICATE_FILE] ?? '');
      return keyFits(certificate, data[KEY_FILE] ?? '') ? describeCertificate(certificate, issuers) : null;
    }, null),
    trusted: readOr(() => parseCertificates(data[TRUST_FILE] ?? '').map(fingerprintOf), []),
    // An unreadable time counts as never: the trust is then written anew.
    trustedSince: Number.isNaN(trustedSince) ? 0 : trustedSince,
  };
}

/**
 * The Secret's data with another certificate, another trust, or both. The time of the trust changes only with
 * the trust: that is what an authority's replacement waits by.
 */
export function writeHolder(
  current: SecretText | undefined,
  change: { readonly pair?: KeyPair; readonly trusted: readonly StoredAuthority[] },
  now: number,
): SecretText {
  const trust = change.trusted.map(({ certificate }) => certificate.trimEnd() + '\n').join('');
  const since = current?.[TRUST_FILE] === trust ? current[TRUSTED_SINCE] : undefined;
  return {
    [CERTIFICATE_FILE]: change.pair?.certificate ?? current?.[CERTIFICATE_FILE] ?? '',
    [KEY_FILE]: change.pair?.key ?? current?.[KEY_FILE] ?? '',
    [TRUST_FILE]: trust,
    [TRUSTED_SINCE]: since ?? new Date(now).toISOString(),
  };
}

function readOr<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CertificateTextError) {
      return otherwise;
    }
    throw error;
  }
}
