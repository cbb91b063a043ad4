/** How full the volume is, and how much of it logs of changes may take. */
import { statfs } from 'node:fs/promises';
import type { RetentionRule } from '../engines/member-session.ts';
import type { Position } from '../engines/position.ts';
import type { AgentProblem } from './protocol/agent-state.ts';

/** Space on the data volume, in bytes. */
export interface VolumeUsage {
  readonly usedBytes: number;
  /** What may be used: without what the file system keeps for itself. */
  readonly totalBytes: number;
}

/** From this share on the volume counts as nearly full. */
const NEARLY_FULL_SHARE = 0.85;
/** Share of the volume that logs may take although nobody on record needs them, to help a member that returns. */
const KEPT_SHARE = 0.1;
/** The same while the volume is nearly full. */
const KEPT_SHARE_NEARLY_FULL = 0.01;
/** Share of the volume that logs may take because a recorded member needs them; beyond, that member is cloned anew. */
const NEEDED_SHARE = 0.5;

/** Measures the file system of a path. */
export async function measureVolume(path: string): Promise<VolumeUsage> {
  const { bsize, blocks, bfree, bavail } = await statfs(path);
  return { usedBytes: (blocks - bfree) * bsize, totalBytes: (blocks - bfree + bavail) * bsize };
}

/** Whether the volume is nearly full. */
export function isNearlyFull({ usedBytes, totalBytes }: VolumeUsage): boolean {
  return totalBytes > 0 && usedBytes / totalBytes >= NEARLY_FULL_SHARE;
}

/** What to tell of a volume that is nearly full; null for any other. */
export function volumeProblem(usage: VolumeUsage | null): AgentProblem | null {
  if (usage === null || !isNearlyFull(usage)) {
    return null;
  }
  const percent = Math.floor((100 * usage.usedBytes) / usage.totalBytes);
  return {
    reason: 'VolumeNearlyFull',
    message:
      `The volume is ${percent} % full. Delete what you no longer need, or move to a cluster with larger volumes; ` +
      'logs that replicas no longer need are discarded, data never is.',
  };
}

/**
 * What of the logs to discard. `needed` has, for every other recorded member and every move that follows this shard, the last position it
 * was seen at, or null where it was not seen since this agent started: then everything counts as needed.
 */
export function planRetention(
  usage: VolumeUsage,
  logBytes: number,
  needed: readonly (Position | null)[],
  emptyPosition: Position,
): RetentionRule {
  const limit = Math.floor(usage.totalBytes * NEEDED_SHARE);
  if (logBytes > limit) {
    return { neededAfter: [], maximumBytes: limit };
  }
  const share = isNearlyFull(usage) ? KEPT_SHARE_NEARLY_FULL : KEPT_SHARE;
  return {
    neededAfter: needed.map((position) => position ?? emptyPosition),
    maximumBytes: Math.floor(usage.totalBytes * share),
  };
}
