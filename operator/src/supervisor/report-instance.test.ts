import { describe, expect, it } from '@jest/globals';
import type { AgentState } from '../agent/protocol/agent-state.ts';
import { replicaState } from '../agent/testing/agent-states.ts';
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { MemberState } from '../engines/member-state.ts';
import type { AgentView } from './agent-client/agent-client.ts';
import { reportInstance } from './report-instance.ts';

const shard: ShardMapShard = {
  number: 0,
  name: 'demo-shard-0',
  epoch: 3,
  primary: 'demo-shard-0-0',
  replicas: ['demo-shard-0-1'],
  ackers: ['demo-shard-0-1'],
  initialised: true,
  acknowledgement: 'OneReplica',
};
const REPLICA = 'demo-shard-0-1';
const PRIMARY = 'demo-shard-0-0';

function view(state: AgentState | undefined, change: Partial<AgentView> = {}): AgentView {
  return {
    status: 'connected',
    statusSince: 0,
    error: undefined,
    frame: state === undefined ? undefined : { version: 1, sequence: 1, sentAt: 5_000, state },
    frameReceivedAt: state === undefined ? undefined : 0,
    roundTripMilliseconds: 1,
    attendedAt: undefined,
    ...change,
  };
}

function following(
  change: Partial<Extract<MemberState['role'], { kind: 'replica' }>['following']> = {},
): AgentState {
  const state = replicaState();
  const { member } = state;
  if (member?.role.kind !== 'replica') {
    throw new TypeError('no replica');
  }
  const role = {
    ...member.role,
    following: { ...member.role.following, receiving: { kind: 'running' as const }, ...change },
  };
  return { ...state, member: { ...member, role } };
}

function primary(writable: boolean): AgentState {
  const state = replicaState();
  const { member } = state;
  return { ...state, member: member === null ? null : { ...member, role: { kind: 'primary' }, writable } };
}

describe('the report of an instance', () => {
  it('has the figures of a replica that follows', () => {
    expect(reportInstance(shard, REPLICA, view(following()), 100)).toEqual({
      healthy: true,
      gtid: '0-1-42',
      lagSeconds: 0.012,
      lagBytes: 0,
      lastChecked: 5000,
      problems: [],
      commitsWait: false,
      databasesMade: null,
      cloning: null,
    });
  });

  it('says of an open primary whether the databases of keyspaces are there', () => {
    const made = (state: AgentState): boolean | null | undefined =>
      reportInstance(shard, PRIMARY, view(state), 100)?.databasesMade;
    expect(made(primary(true))).toBe(true);
    expect(made({ ...primary(true), databasesMade: false })).toBe(false);
    expect(made({ ...following(), databasesMade: false })).toBeNull();
  });

  it('says that lag is unknown, never that it is none', () => {
    const lagMilliseconds = { kind: 'unknown', reason: 'it does not receive' } as const;
    expect(reportInstance(shard, REPLICA, view(following({ lagMilliseconds })), 100)?.lagSeconds).toBeNull();
    expect(reportInstance(shard, REPLICA, view(replicaState({ member: null })), 100)?.lagSeconds).toBeNull();
  });

  it.each<readonly [string, string, AgentState, string | undefined]>([
    ['a replica', REPLICA, following(), undefined],
    ['a replica that cannot receive', REPLICA, replicaState(), 'receiving is connecting'],
    [
      'a replica that stopped applying',
      REPLICA,
      following({ applying: { kind: 'stopped' } }),
      'applying is stopped',
    ],
    ['a replica that follows nobody', REPLICA, primary(false), 'does not follow'],
    [
      'a server that does not run',
      REPLICA,
      replicaState({ server: { kind: 'ended', lastExit: null } }),
      'not run',
    ],
    ['a replica that cannot be looked at', REPLICA, replicaState({ member: null }), 'was not looked at'],
    ['a primary that cannot be looked at', PRIMARY, replicaState({ member: null }), 'was not looked at'],
    ['an open primary', PRIMARY, primary(true), undefined],
    ['a closed primary', PRIMARY, primary(false), 'not open'],
    ['a primary that follows', PRIMARY, following(), 'not open'],
  ])('judges %s', (_, pod, state, complaint) => {
    const report = reportInstance(shard, pod, view(state), 100);
    expect(report?.healthy).toBe(complaint === undefined);
    expect(report?.error ?? '').toContain(complaint ?? '');
  });

  it('tells how far a clone has come', () => {
    const activity = {
      kind: 'cloning',
      source: PRIMARY,
      step: 'transfer',
      bytes: 7,
      estimatedBytes: 10,
      bytesPerSecond: 2,
    } as const;
    const report = reportInstance(shard, REPLICA, view(replicaState({ activity })), 100);
    expect(report).toMatchObject({
      healthy: false,
      cloning: { source: PRIMARY, bytes: 7, estimatedBytes: 10 },
    });
  });

  it.each([
    ['nothing before the first word', view(undefined, { status: 'connecting' }), 4000, undefined],
    ['the last word of an agent that has just gone', view(following(), { status: 'closed' }), 4000, true],
    ['that an agent is silent', view(following(), { status: 'silent' }), 6000, false],
    ['that an agent never answered', view(undefined, { status: 'unreachable' }), 6000, false],
  ] as const)('tells %s', (_, found, now, healthy) => {
    expect(reportInstance(shard, REPLICA, found, now)?.healthy).toBe(healthy);
  });
});
