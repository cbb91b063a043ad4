/** What of a volume keeps a server from being started on it. Pure. */
import type { VolumeState } from '../engines/member-files.ts';
import type { Decision } from './decision.ts';

/** Waiting for a person, where a volume holds what must neither be used nor overwritten; null for any other. */
export function decideUnusableVolume(volume: VolumeState, engineVersion: string): Decision | null {
  if (volume.kind === 'unrecognised') {
    const found = volume.found.slice(0, 5).join(', ');
    return {
      kind: 'wait',
      reason: 'volume',
      problem: {
        reason: 'VolumeUnrecognised',
        message:
          `The volume holds files that are not ours (${found}) and is left alone. Delete them, or the ` +
          `PersistentVolumeClaim and the pod, to have the member cloned.`,
      },
    };
  }
  if (volume.kind === 'ready' && majorMinor(volume.engineVersion) !== majorMinor(engineVersion)) {
    return {
      kind: 'wait',
      reason: 'volume',
      problem: {
        reason: 'VolumeVersionMismatch',
        message:
          `The volume was made by version ${volume.engineVersion} and the server is of version ${engineVersion}: ` +
          `it is not started. With deletionPolicy Retain the volumes stay: delete the ShardedCluster and create it again ` +
          `with spec.engine.version ${majorMinor(volume.engineVersion)} and an image of that series.`,
      },
    };
  }
  return null;
}

function majorMinor(version: string): string {
  return version.split('.', 2).join('.');
}
