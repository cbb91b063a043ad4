/** How long certificates last, and when they are renewed. All times in milliseconds since the epoch. */

const DAY_MILLISECONDS = 24 * 3600 * 1000;

/** Ten years: servers that sleep for long must still know whom to trust. */
export const AUTHORITY_LIFETIME_MILLISECONDS = 3650 * DAY_MILLISECONDS;

/** Ninety days: short enough that renewal is everyday business, long enough to outlive a long outage of ours. */
export const CERTIFICATE_LIFETIME_MILLISECONDS = 90 * DAY_MILLISECONDS;

/** Certificates are valid from a little earlier, for clocks that differ. */
export const BACKDATE_MILLISECONDS = 3600 * 1000;

/** From a change of a Secret until every pod uses it: kubelets look every minute or so, agents every few seconds. */
export const PROPAGATION_MILLISECONDS = 10 * 60 * 1000;

/** The time in which a certificate is valid. */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A validity that starts now, less the allowance for clocks, and ends no later than the issuer's. */
export function validityFrom(now: number, lifetimeMilliseconds: number, issuer?: Validity): Validity {
  return {
    notBefore: now - BACKDATE_MILLISECONDS,
    notAfter: Math.min(now + lifetimeMilliseconds, issuer?.notAfter ?? Infinity),
  };
}

/** Whether the time lies within the validity, both ends included. */
export function isValidAt({ notBefore, notAfter }: Validity, now: number): boolean {
  return notBefore <= now && now <= notAfter;
}

/** When to renew: at two thirds of life, which leaves a third for everything that can go wrong. */
export function renewalTime({ notBefore, notAfter }: Validity): number {
  return notBefore + ((notAfter - notBefore) * 2) / 3;
}

/** When a certificate of ours was issued. */
export function issueTime({ notBefore }: Validity): number {
  return notBefore + BACKDATE_MILLISECONDS;
}
