/** What comes first for a member whose server is down, whatever its role. Pure. */
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { VolumeState } from '../engines/member-files.ts';
import type { Decision } from './decision.ts';
import { decideUnusableVolume } from './decide-volume.ts';
import type { Observation } from './observation.ts';
import { holdsStandDown } from './stand-down.ts';

/** Decides by the role, for a volume that a server may be started on, or made on. */
export type DecideStart = (volume: VolumeState) => Decision;

/** Waits while nothing is known of the volume, an order stands against it, or a person has to see to it. */
export function decideStopped(
  { volume, engineVersion, standDown }: Observation,
  shard: ShardMapShard,
  decideStart: DecideStart,
): Decision {
  if (volume === null) {
    return { kind: 'wait', reason: 'observation' };
  }
  if (holdsStandDown(standDown, shard)) {
    return { kind: 'wait', reason: 'standDown' };
  }
  return decideUnusableVolume(volume, engineVersion) ?? decideStart(volume);
}
