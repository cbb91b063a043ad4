/**
 * The life of a cluster's authorities and certificates, as one pure decision.
 *
 * An authority is replaced with overlap. Its successor is made at two thirds of its life and trusted beside
 * it; once everybody has trusted it for long enough, certificates are reissued by it; once nobody shows one of
 * the old authority's for long enough, the old one is dropped. At every moment each two members, however late
 * their kubelets are within the time allowed, trust each other's certificates.
 */
import type { CertificateRequest } from './certificate.ts';
import { isValidAt, issueTime, PROPAGATION_MILLISECONDS, renewalTime, type Validity } from './lifetime.ts';

/** An authority as stored. */
export interface AuthorityRecord extends Validity {
  /** Fingerprint of its certificate. */
  readonly id: string;
  /** Whether its private key is at hand and fits. False for one whose Secret was lost. */
  readonly canSign: boolean;
}

/** A certificate as stored. */
export interface CertificateRecord extends Validity, Omit<CertificateRequest, 'commonName'> {
  /** The authority that signed it, by id; null for one we do not know. */
  readonly issuerId: string | null;
}

/** One Secret with a certificate, its key, and the authorities its holder trusts. */
export interface HolderRecord {
  readonly name: string;
  /** Null when there is none, or one that cannot be read or does not fit its key. */
  readonly certificate: CertificateRecord | null;
  /** Ids of the authorities trusted, in any order. */
  readonly trusted: readonly string[];
  /** When `trusted` was last changed. */
  readonly trustedSince: number;
}

/** A certificate that there should be. */
export interface WantedCertificate extends CertificateRequest {
  /** Name of its Secret. */
  readonly name: string;
}

export interface CertificatesObservation {
  /** Oldest first. */
  readonly authorities: readonly AuthorityRecord[];
  readonly holders: readonly HolderRecord[];
  readonly wanted: readonly WantedCertificate[];
}

/** Why a certificate is issued. */
export type IssueReason = 'missing' | 'changed' | 'expiring' | 'authorityReplaced';

/** The one thing to do next. */
export type CertificatesDecision =
  /** Make an authority, and record it as the newest. */
  | { readonly kind: 'createAuthority'; readonly reason: 'missing' | 'expiring' }
  /** Write this trust into the Secret of that name, and the time. Its certificate stays. */
  | { readonly kind: 'publishTrust'; readonly name: string; readonly trusted: readonly string[] }
  /** Issue the certificate by that authority, and write it with this trust. */
  | {
      readonly kind: 'issue';
      readonly name: string;
      readonly authorityId: string;
      readonly trusted: readonly string[];
      readonly reason: IssueReason;
    }
  /** Forget the authority; nobody needs it. The trust follows by `publishTrust`. */
  | { readonly kind: 'retireAuthority'; readonly authorityId: string }
  /** All is well until the time given. */
  | { readonly kind: 'wait'; readonly until: number };

/** Decides. Doing what it says and asking again leads to `wait` after finitely many steps. */
export function decideCertificates(
  observation: CertificatesObservation,
  now: number,
  propagationMilliseconds: number = PROPAGATION_MILLISECONDS,
): CertificatesDecision {
  const { authorities, wanted } = observation;
  const signers = authorities.filter((authority) => authority.canSign && isValidAt(authority, now));
  const newest = signers.at(-1);
  if (newest === undefined) {
    return { kind: 'createAuthority', reason: 'missing' };
  }
  if (renewalTime(newest) <= now) {
    return { kind: 'createAuthority', reason: 'expiring' };
  }

  const trusted = authorities.filter(({ notAfter }) => now <= notAfter).map(({ id }) => id);
  const holders = wanted.map(({ name }) => observation.holders.find((holder) => holder.name === name));
  const stale = holders.find((holder) => isHolding(holder) && !sameSet(holder.trusted, trusted));
  if (stale !== undefined) {
    return { kind: 'publishTrust', name: stale.name, trusted };
  }

  const inUse = holders.filter(isHolding);
  const settledAt = Math.max(...inUse.map(({ trustedSince }) => trustedSince + propagationMilliseconds), 0);
  const settled = settledAt <= now;
  const signer = settled ? newest : (lastThatSigned(signers, inUse) ?? newest);

  for (const [index, request] of wanted.entries()) {
    const reason = reasonToIssue(request, holders[index], { now, signer, settled });
    if (reason !== null) {
      return { kind: 'issue', name: request.name, authorityId: signer.id, trusted, reason };
    }
  }

  const retirement = nextRetirement(
    observation,
    signers.slice(signers.indexOf(signer)),
    inUse,
    propagationMilliseconds,
  );
  if (retirement !== null && retirement.at <= now) {
    return { kind: 'retireAuthority', authorityId: retirement.id };
  }
  const waitFor = [
    renewalTime(newest),
    ...inUse.map(({ certificate }) => renewalTime(certificate)),
    ...(inUse.every(({ certificate }) => certificate.issuerId === newest.id) ? [] : [settledAt]),
    ...(retirement === null ? [] : [retirement.at]),
  ];
  return { kind: 'wait', until: Math.min(...waitFor.filter((time) => time > now)) };
}

type HolderInUse = HolderRecord & { readonly certificate: CertificateRecord };

function isHolding(holder: HolderRecord | undefined): holder is HolderInUse {
  return holder !== undefined && holder.certificate !== null;
}

/** The newest authority whose certificates are already about, and which therefore everybody trusts. */
function lastThatSigned(
  signers: readonly AuthorityRecord[],
  inUse: readonly HolderInUse[],
): AuthorityRecord | undefined {
  return signers.findLast(({ id }) => inUse.some(({ certificate }) => certificate.issuerId === id));
}

function reasonToIssue(
  request: WantedCertificate,
  holder: HolderRecord | undefined,
  situation: { readonly now: number; readonly signer: AuthorityRecord; readonly settled: boolean },
): IssueReason | null {
  if (!isHolding(holder)) {
    return 'missing';
  }
  const { certificate } = holder;
  if (!saysTheSame(certificate, request)) {
    return 'changed';
  }
  if (renewalTime(certificate) <= situation.now || situation.now < certificate.notBefore) {
    return 'expiring';
  }
  // Not before the trust has settled: the certificate at hand is good, and a new one may not be trusted yet.
  return certificate.issuerId !== situation.signer.id && situation.settled ? 'authorityReplaced' : null;
}

function saysTheSame(certificate: CertificateRecord, request: WantedCertificate): boolean {
  return (
    sameSet(certificate.dnsNames, request.dnsNames) &&
    sameSet(certificate.ipAddresses, request.ipAddresses) &&
    sameSet(certificate.uris, request.uris) &&
    sameSet(certificate.usages, request.usages)
  );
}

/** The first authority neither in use nor to come, and when it may go: nobody shows a certificate of it by then. */
function nextRetirement(
  { authorities }: CertificatesObservation,
  kept: readonly AuthorityRecord[],
  inUse: readonly HolderInUse[],
  propagationMilliseconds: number,
): { readonly id: string; readonly at: number } | null {
  const unused = authorities.find(
    (authority) =>
      !kept.includes(authority) && inUse.every(({ certificate }) => certificate.issuerId !== authority.id),
  );
  if (unused === undefined) {
    return null;
  }
  const lastIssue = Math.max(...inUse.map(({ certificate }) => issueTime(certificate)), 0);
  return { id: unused.id, at: lastIssue + propagationMilliseconds };
}

function sameSet(left: readonly string[], right: readonly string[]): boolean {
  const [one, other] = [new Set(left), new Set(right)];
  return one.size === other.size && left.every((value) => other.has(value));
}
