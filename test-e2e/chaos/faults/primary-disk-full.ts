import { fillVolume, freeVolume } from '../stage/full-volume.ts';
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
    onUndo(() => freeVolume(node));
    await fillVolume(node);
  },
  check: ({ stage, before }) => expectVolumeFinding(stage, before.primary.name),
  lastsMilliseconds: 12_000,
  // A server that found no room looks again after a minute.
  recoveryMilliseconds: 90_000,
};
