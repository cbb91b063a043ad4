import {
  createAuthority,
  issueCertificate,
  type Randomness,
  systemRandomness,
} from './certificate-authority.ts';
import {
  readAuthorities,
  readHolder,
  type SecretText,
  storeAuthority,
  type StoredAuthority,
  writeAuthorities,
  writeHolder,
} from './certificate-secrets.ts';
import {
  type CertificatesDecision,
  decideCertificates,
  type WantedCertificate,
} from './decide-certificates.ts';
import {
  AUTHORITY_LIFETIME_MILLISECONDS,
  CERTIFICATE_LIFETIME_MILLISECONDS,
  PROPAGATION_MILLISECONDS,
  validityFrom,
} from './lifetime.ts';

/** The Secrets of a cluster's certificates, as they are. */
export interface CertificateSecrets {
  /** The Secret with the authorities; undefined where there is none. */
  readonly authorities: SecretText | undefined;
  /** The Secrets of those wanted that exist, by name. */
  readonly holders: ReadonlyMap<string, SecretText>;
}

/** What is to be written for all to be as wanted. */
export interface CertificateRenewal {
  /** To be written before any holder's Secret; undefined when it is as it should be. */
  readonly authorities: SecretText | undefined;
  /** Only those that change, by name. */
  readonly holders: ReadonlyMap<string, SecretText>;
  /** What was decided, in order; for the log and for events. No secret is in it. */
  readonly decisions: readonly CertificatesDecision[];
  /** When to look again: milliseconds since the epoch. */
  readonly until: number;
}

/** More than any cluster takes in one go; beyond it decisions go in circles. */
const MOST_DECISIONS = 10_000;

/**
 * Decides and carries out in memory, until nothing is left to do now. The caller writes what comes back, the
 * authorities first: a certificate must never be about whose authority could be lost with this process. What
 * is not written is decided again the next time. Two callers at once could overwrite each other's authority,
 * so the write must be conditional on the version read.
 */
export async function renewCertificates(
  secrets: CertificateSecrets,
  wanted: readonly WantedCertificate[],
  options: {
    /** Begins the names of authorities; the cluster's name. */
    readonly name: string;
    readonly now: number;
    readonly randomness?: Randomness;
    /** See `PROPAGATION_MILLISECONDS`. */
    readonly propagationMilliseconds?: number;
  },
): Promise<CertificateRenewal> {
  const {
    name,
    now,
    randomness = systemRandomness,
    propagationMilliseconds = PROPAGATION_MILLISECONDS,
  } = options;
  const holders = new Map(secrets.holders);
  const changed = new Map<string, SecretText>();
  const decisions: CertificatesDecision[] = [];
  let authorities = readAuthorities(secrets.authorities, [...holders.values()]);

  const write = (holder: string, change: Parameters<typeof writeHolder>[1]): void => {
    const data = writeHolder(holders.get(holder), change, now);
    holders.set(holder, data);
    changed.set(holder, data);
  };
  const trustedBy = (ids: readonly string[]): StoredAuthority[] =>
    authorities.filter(({ record }) => ids.includes(record.id));

  const carryOut = async (decision: Exclude<CertificatesDecision, { kind: 'wait' }>): Promise<void> => {
    switch (decision.kind) {
      case 'createAuthority': {
        const validity = validityFrom(now, AUTHORITY_LIFETIME_MILLISECONDS);
        authorities = [...authorities, storeAuthority(await createAuthority(name, validity, randomness))];
        break;
      }
      case 'retireAuthority':
        authorities = authorities.filter(({ record }) => record.id !== decision.authorityId);
        break;
      case 'publishTrust':
        write(decision.name, { trusted: trustedBy(decision.trusted) });
        break;
      case 'issue': {
        const request = wanted.find((each) => each.name === decision.name);
        const issuer = authorities.find(({ record }) => record.id === decision.authorityId);
        if (request === undefined || issuer?.key === undefined) {
          throw new TypeError(`decided to issue ${decision.name}, which cannot be done`);
        }
        const validity = validityFrom(now, CERTIFICATE_LIFETIME_MILLISECONDS, issuer.record);
        const signer = { certificate: issuer.certificate, key: issuer.key };
        const pair = await issueCertificate(signer, request, validity, randomness);
        write(decision.name, { pair, trusted: trustedBy(decision.trusted) });
        break;
      }
    }
  };

  for (;;) {
    const decision = decideCertificates(
      {
        authorities: authorities.map(({ record }) => record),
        holders: [...holders].map(([holder, data]) => readHolder(holder, data, authorities)),
        wanted,
      },
      now,
      propagationMilliseconds,
    );
    if (decision.kind === 'wait') {
      const written = writeAuthorities(authorities);
      const isSame = secrets.authorities !== undefined && sameText(written, secrets.authorities);
      return {
        authorities: isSame ? undefined : written,
        holders: changed,
        decisions,
        until: decision.until,
      };
    }
    if (decisions.push(decision) > MOST_DECISIONS) {
      throw new Error(`decisions about certificates go in circles: ${decision.kind}`);
    }
    await carryOut(decision);
  }
}

function sameText(left: SecretText, right: SecretText): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}
