import { fillVolume, freeVolume } from '../../sharded-cluster/full-volume.ts';
import { smallVolumeName } from '../../sharded-cluster/small-volumes.ts';
import { SMALL_VOLUMES } from '../stage/settings.ts';
import type { Fault } from './fault.ts';
import { primaryNode } from './fault.ts';
import { expectVolumeFinding } from './volume-finding.ts';

export const primaryDiskFull: Fault = {
  name: 'primary-disk-full',
  description:
    'the primary’s volume, a small one in memory, is filled to the last byte, and freed when the condition has told of it',
  setting: 'smallVolumes',
  expects: 'either',
  primaryHangs: true,
  touches: primaryNode,
  async inject({ before, onUndo }) {
    const { node } = before.primary;
    const volume = smallVolumeName(SMALL_VOLUMES, node);
    onUndo(() => freeVolume(node, volume));
    await fillVolume(node, volume);
  },
  check: ({ stage, before }) => expectVolumeFinding(stage, before.primary.name),
  lastsMilliseconds: 12_000,
  // A server that found no room looks again after a minute.
  recoveryMilliseconds: 90_000,
};
