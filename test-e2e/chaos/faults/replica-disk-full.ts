import { fillVolume, freeVolume } from '../../sharded-cluster/full-volume.ts';
import { smallVolumeName } from '../../sharded-cluster/small-volumes.ts';
import { SMALL_VOLUMES } from '../stage/settings.ts';
import type { Fault } from './fault.ts';
import { expectVolumeFinding } from './volume-finding.ts';

export const replicaDiskFull: Fault = {
  name: 'replica-disk-full',
  description: 'the same with the volume of a replica',
  setting: 'smallVolumes',
  expects: 'noPromotion',
  touches: ({ replicas }) => replicas.slice(0, 1).map(({ node }) => node),
  async inject({ before, onUndo }) {
    for (const { node } of before.replicas.slice(0, 1)) {
      const volume = smallVolumeName(SMALL_VOLUMES, node);
      onUndo(() => freeVolume(node, volume));
      await fillVolume(node, volume);
    }
  },
  check: ({ stage, before }) => expectVolumeFinding(stage, before.replicas[0]?.name ?? ''),
  lastsMilliseconds: 12_000,
  recoveryMilliseconds: 90_000,
};
