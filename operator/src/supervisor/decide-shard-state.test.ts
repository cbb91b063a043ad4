import { describe, expect, it } from '@jest/globals';
import type { AgentState } from '../agent/protocol/agent-state.ts';
import { replicaState } from '../agent/testing/agent-states.ts';
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import { mariadbPositions } from '../engines/mariadb/gtid.ts';
import type { Position } from '../engines/position.ts';
import { changeOf } from './change-of-state.ts';
import { decideShardState } from './decide-shard-state.ts';
import type { MemberObservation } from './observe-shard.ts';
import { aMember, anObservation, aShard, PODS } from './testing/observations.ts';

const POD = { primary: PODS[0], first: PODS[1], second: PODS[2] };
const shard = aShard();

function member(pod: string, state: AgentState | null = replicaState(), exists = true): MemberObservation {
  return aMember(pod, state, { exists });
}

function primaryState(change: Partial<AgentState> = {}): AgentState {
  const state = replicaState();
  return {
    ...state,
    server: { kind: 'running', pid: 7, epoch: 3, role: 'primary', startedAt: 1 },
    member: state.member === null ? null : { ...state.member, role: { kind: 'detached' } },
    ...change,
  };
}

function acknowledgedBy(acknowledgers: number): AgentState {
  const state = primaryState();
  const member = state.member;
  return {
    ...state,
    member:
      member === null ? null : { ...member, acknowledgement: { ...member.acknowledgement, acknowledgers } },
  };
}

const waiting = replicaState({ awaitingAcker: true });
const everybody = [member(POD.primary, primaryState()), member(POD.first), member(POD.second)];
const FOUND_AT = '0-1-42' as Position;

function decide(
  change: Partial<ShardMapShard> = {},
  members: readonly MemberObservation[] = everybody,
  {
    instances = 3,
    departures = {},
  }: { instances?: number; departures?: Readonly<Record<string, Position>> } = {},
) {
  const context = {
    positions: mariadbPositions,
    departures: new Map(Object.entries(departures)),
    wishes: { chosen: null, preferred: null },
  };
  return decideShardState(anObservation({ ...shard, ...change }, members, { instances }), context);
}

describe('the state of a shard', () => {
  it('is healthy when everybody is on record', () => {
    expect(decide()).toEqual({ kind: 'healthy' });
  });

  it('is unknown while there is no primary, whatever else there is', () => {
    expect(decide({ primary: null, initialised: false })).toEqual({ kind: 'promoting' });
  });

  it.each<readonly [string, AgentState | null, string]>([
    ['the primary says so', primaryState(), 'databaseMade'],
    ['it says nothing', null, 'initialising'],
    ['it has read another epoch', primaryState({ epoch: 2 }), 'initialising'],
    ['its server runs as a replica', replicaState(), 'initialising'],
    ['its server does not run', primaryState({ server: { kind: 'ended', lastExit: null } }), 'initialising'],
    ['nobody has looked at it', primaryState({ member: null }), 'initialising'],
  ])('knows of the database when %s', (_, state, kind) => {
    expect(decide({ initialised: false }, [member(POD.primary, state)])).toEqual({ kind });
  });

  it.each<readonly [string, Partial<ShardMapShard>, AgentState | null, string]>([
    ['waits to follow', { ackers: [POD.first] }, waiting, 'replicaJoining'],
    ['is on record already', {}, waiting, 'healthy'],
    ['does not wait', { ackers: [POD.first] }, replicaState(), 'healthy'],
    ['says nothing', { ackers: [POD.first] }, null, 'healthy'],
    ['has read another epoch', { ackers: [POD.first] }, { ...waiting, epoch: 2 }, 'healthy'],
    ['comes before the database', { ackers: [], initialised: false }, waiting, 'initialising'],
  ])('records a replica that %s', (_, change, state, kind) => {
    const members = [member(POD.primary, replicaState()), member(POD.first), member(POD.second, state)];
    expect(decide(change, members).kind).toBe(kind);
  });

  const gone = [everybody[0], everybody[1], member(POD.second, null, false)].filter(
    (each) => each !== undefined,
  );
  it.each<
    readonly [string, readonly MemberObservation[], number, Readonly<Record<string, Position>>, string]
  >([
    ['gone and covered', gone, 2, { [POD.second]: FOUND_AT }, 'ackerGone'],
    ['gone and not covered', gone, 2, { [POD.second]: '0-1-43' as Position }, 'ackerLeaving'],
    ['gone and not yet measured', gone, 2, {}, 'ackerLeaving'],
    [
      'gone but acknowledges still',
      [member(POD.primary, acknowledgedBy(1)), ...gone.slice(1)],
      2,
      { [POD.second]: FOUND_AT },
      'ackerLeaving',
    ],
    ['gone but asked for', gone, 3, { [POD.second]: FOUND_AT }, 'healthy'],
    ['there still', everybody, 2, {}, 'healthy'],
  ])('lets an acker go that is %s', (_, members, instances, departures, kind) => {
    expect(decide({}, members, { instances, departures }).kind).toBe(kind);
  });

  it.each([
    [1, 'OneReplica', 'acknowledgementUnwanted'],
    [1, 'None', 'healthy'],
    [3, 'None', 'acknowledgementWanted'],
  ] as const)('with %i instances and the rule %s is %s', (instances, acknowledgement, kind) => {
    const ackers = acknowledgement === 'None' ? [] : shard.ackers;
    expect(decide({ acknowledgement, ackers }, everybody, { instances }).kind).toBe(kind);
  });
});

describe('the change of a shard', () => {
  it.each([
    [{ kind: 'databaseMade' }, { initialised: true }],
    [{ kind: 'replicaJoining', pod: 'x' }, { ackers: [...shard.ackers, 'x'] }],
    [{ kind: 'ackerGone', pod: POD.second }, { ackers: [POD.first] }],
    [{ kind: 'acknowledgementUnwanted' }, { acknowledgement: 'None', ackers: [] }],
    [{ kind: 'acknowledgementWanted' }, { acknowledgement: 'OneReplica' }],
  ] as const)('of %j', (state, change) => {
    expect(changeOf(state, shard)).toEqual({ ...shard, ...change });
  });

  it.each(['healthy', 'initialising', 'promoting'] as const)('is none of %s', (kind) => {
    expect(changeOf({ kind }, shard)).toBeUndefined();
  });
});
