/** Whether the own log of a member may end in something that only it has. Pure. */
import type { MemberFiles, VolumeState } from '../engines/member-files.ts';
import type { MemberState } from '../engines/member-state.ts';
import type { Position } from '../engines/position.ts';
import type { ShardView } from './observation.ts';
import type { ServerState } from './protocol/agent-state.ts';
import type { LogEnds } from './volume-watch.ts';

/** What was seen in one pass. */
export interface Surroundings {
  readonly shard: ShardView;
  readonly server: ServerState;
  readonly volume: VolumeState | null;
  readonly ends: LogEnds | null;
  readonly member: MemberState | null;
  readonly freeBytes: number | null;
  /** Why what was received could not be applied after the start, or nobody be followed; null where neither has failed. */
  readonly replicationFailure: string | null;
}

/**
 * Where the log of a member ends that wrote last itself, and follows nobody yet; null where there can be no tail.
 * `unread` where its files have not told, `unreadable` where they cannot.
 */
export function endToExamine(
  { server, volume, ends, member }: Surroundings,
  files: Pick<MemberFiles, 'wrote'>,
): Position | 'unread' | 'unreadable' | null {
  if (volume?.kind !== 'ready') {
    return null;
  }
  if (server.kind === 'ended') {
    if (ends === null) {
      return 'unread';
    }
    if (ends.own.kind === 'unknown') {
      return 'unreadable';
    }
    return files.wrote(ends.own.value) ? ends.own.value : null;
  }
  if (server.kind !== 'running' || server.role !== 'replica' || member === null) {
    return null;
  }
  const isReceiving = member.role.kind === 'replica' && member.role.following.receiving.kind === 'running';
  return !isReceiving && files.wrote(member.applied) ? member.applied : null;
}

/** Tells one run of the server from the next, and from none. */
export function runOf(server: ServerState): string {
  return server.kind === 'running' ? String(server.pid) : server.kind;
}
