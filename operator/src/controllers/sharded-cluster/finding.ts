import type { Reason } from '../../api/v1alpha1/index.ts';
import type { Scope } from './resources/desired-object.ts';

/**
 * Something that keeps the cluster from being what its spec asks for and that a person must settle. It becomes
 * the condition `Degraded`.
 */
export interface Finding {
  readonly reason: Extract<
    Reason,
    | 'ConflictingObject'
    | 'InvalidSpec'
    | 'ScalingInNotSupported'
    | 'PrimaryWouldBeRemoved'
    | 'ShardMapMissing'
    | 'StorageNotGrown'
    | 'PrimaryVolumeEmpty'
    | 'VolumeUnusable'
    | 'VolumeNearlyFull'
    | 'ReplicationBroken'
    | 'ServerDoesNotStart'
    | 'AccountsNotSet'
    | 'DatabasesNotSet'
    | 'UserSecretMissing'
    | 'UserNotSet'
  >;
  /** Full sentences: what is the matter, and what to do. */
  readonly message: string;
  /** What is left untouched until it is settled; `undefined` when everything else goes on. */
  readonly blocks?: Scope;
}
