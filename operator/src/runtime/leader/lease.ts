import { microTime } from '../micro-time.ts';
import type { Lease } from '../resources.ts';

/** Who takes or renews a Lease, for how long, and when (milliseconds since the epoch). */
export interface Renewal {
  readonly identity: string;
  readonly seconds: number;
  readonly now: number;
}

/** The Lease in the hands of a new holder. Creation is no transition. */
export function acquiredLease(lease: Lease, { identity, seconds, now }: Renewal): Lease {
  const transitions =
    lease.metadata?.resourceVersion === undefined ? 0 : (lease.spec?.leaseTransitions ?? 0) + 1;
  return {
    ...lease,
    spec: {
      ...lease.spec,
      holderIdentity: identity,
      leaseDurationSeconds: seconds,
      acquireTime: microTime(now),
      renewTime: microTime(now),
      leaseTransitions: transitions,
    },
  };
}

/** The Lease with its present holder's time extended. */
export function renewedLease(lease: Lease, { seconds, now }: Renewal): Lease {
  return { ...lease, spec: { ...lease.spec, leaseDurationSeconds: seconds, renewTime: microTime(now) } };
}

/** The Lease free for anyone. A duration of one second is the shortest the API server accepts. */
export function releasedLease(lease: Lease, now: number): Lease {
  return {
    ...lease,
    spec: {
      ...lease.spec,
      holderIdentity: '',
      leaseDurationSeconds: 1,
      acquireTime: microTime(now),
      renewTime: microTime(now),
    },
  };
}
