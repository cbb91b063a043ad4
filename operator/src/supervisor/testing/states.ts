/** What agents of a shard say in tests. */
import type { AgentState } from '../../agent/protocol/agent-state.ts';
import { replicaState } from '../../agent/testing/agent-states.ts';
import type { Measure } from '../../engines/measure.ts';
import type { Following, MemberState } from '../../engines/member-state.ts';
import type { Position } from '../../engines/position.ts';

/** A position of a shard's only history, `sequence` transactions long. */
export function at(sequence: number): Position {
  return `0-1-${sequence}` as Position;
}

/** A position that is known. */
export function knownAt(sequence: number): Measure<Position> {
  return { kind: 'known', value: at(sequence) };
}

/** A replica that hears its primary; `following` makes it another. */
export function following(change: Partial<Following> = {}, member: Partial<MemberState> = {}): AgentState {
  const state = replicaState();
  if (state.member?.role.kind !== 'replica') {
    throw new TypeError('no replica');
  }
  const role = state.member.role.following;
  const silentMilliseconds = { kind: 'known', value: 50 } as const;
  return {
    ...state,
    member: {
      ...state.member,
      ...member,
      role: {
        kind: 'replica',
        following: { ...role, receiving: { kind: 'running' }, silentMilliseconds, ...change },
      },
    },
  };
}

/** A replica that has received `received` and applied `applied` transactions. */
export function holding(received: number, applied = received, change: Partial<Following> = {}): AgentState {
  return following(change, { received: knownAt(received), applied: at(applied) });
}

/** A primary that takes writes. */
export function leading(change: Partial<AgentState> = {}, member: Partial<MemberState> = {}): AgentState {
  const state = replicaState();
  if (state.member === null) {
    throw new TypeError('no member');
  }
  return {
    ...state,
    server: { kind: 'running', pid: 7, epoch: 3, role: 'primary', startedAt: 1 },
    member: {
      ...state.member,
      role: { kind: 'primary' },
      writable: true,
      acknowledgement: {
        ...state.member.acknowledgement,
        rule: 'oneReplica',
        waiting: true,
        acknowledgers: 2,
      },
      ...member,
    },
    ...change,
  };
}

const readAt = (end: number | null): Measure<Position> =>
  end === null ? { kind: 'unknown', reason: 'a file is missing' } : knownAt(end);

/** A member whose server has ended with so much in its files; null for files that cannot be read. */
export function ended(
  ownEnd: number | null,
  receivedEnd: number | null = 0,
  change: Partial<AgentState> = {},
): AgentState {
  return {
    ...replicaState(),
    server: { kind: 'ended', lastExit: { pid: 7, code: null, signal: 'SIGKILL', at: 1000 } },
    member: null,
    ownEnd: readAt(ownEnd),
    receivedEnd: readAt(receivedEnd),
    ...change,
  };
}
