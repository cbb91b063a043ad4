import { describe, expect, it } from '@jest/globals';
import type { AgentState } from '../agent/protocol/agent-state.ts';
import { replicaState } from '../agent/testing/agent-states.ts';
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { Following, MemberState } from '../engines/member-state.ts';
import type { Measure } from '../engines/measure.ts';
import { mariadbPositions } from '../engines/mariadb/gtid.ts';
import {
  decideSwitchover,
  PATIENCE_MILLISECONDS,
  type SwitchoverDecision,
  type SwitchoverInput,
} from './decide-switchover.ts';
import type { MemberObservation } from './observe-shard.ts';
import { aMember, aShard, PODS } from './testing/observations.ts';
import { following, holding, leading } from './testing/states.ts';

const [PRIMARY, FIRST, SECOND] = PODS;

const known = (value: number): Measure => ({ kind: 'known', value });
const UNKNOWN: Measure = { kind: 'unknown', reason: 'test' };

function primary(member: Partial<MemberState> = {}, state: Partial<AgentState> = {}): MemberObservation {
  return aMember(PRIMARY, leading(state, { longestTransactionSeconds: known(0), ...member }));
}

function replica(
  pod: string,
  role: Partial<Following> = {},
  state: Partial<AgentState> = {},
): MemberObservation {
  return aMember(pod, { ...following(role), ...state });
}

interface Case {
  readonly shard?: Partial<ShardMapShard>;
  readonly primary?: MemberObservation;
  readonly first?: MemberObservation;
  readonly second?: MemberObservation;
  readonly to?: string | null;
  readonly request?: SwitchoverInput['request'];
  readonly pendingMilliseconds?: number;
  readonly isHibernated?: boolean;
}

function decide(change: Case = {}): SwitchoverDecision {
  const { to = null } = change;
  return decideSwitchover({
    observation: {
      shard: aShard(change.shard),
      isHibernated: change.isHibernated ?? false,
      members: [
        change.primary ?? primary(),
        change.first ?? replica(FIRST),
        change.second ?? replica(SECOND),
      ],
    },
    request: change.request === undefined ? { value: `${to ?? 'any'}/1`, to } : change.request,
    pendingMilliseconds: change.pendingMilliseconds ?? 0,
    positions: mariadbPositions,
  });
}

describe('a wish for another primary', () => {
  it('is granted to the member named', () => {
    const request = `${SECOND}/1`;
    expect(decide({ to: SECOND })).toEqual({
      kind: 'begin',
      cause: 'person',
      request,
      from: PRIMARY,
      to: SECOND,
    });
  });

  it.each([
    ['the lower number of equals', {}, FIRST],
    ['who has applied more', { second: aMember(SECOND, holding(43)) }, SECOND],
    ['who is fit at all', { first: aMember(FIRST, null) }, SECOND],
  ])('is granted, where none is named, to %s', (_, change, to) => {
    expect(decide(change)).toMatchObject({ kind: 'begin', request: 'any/1', to });
  });

  it.each<readonly [string, Case]>([
    ['nobody asks', { request: null }],
    ['it was dealt with', { shard: { handledSwitchover: 'any/1' } }],
    ['a promotion is under way', { shard: { primary: null, replicas: [PRIMARY, FIRST, SECOND] } }],
    ['there is no database yet', { shard: { initialised: false } }],
    ['the cluster hibernates', { isHibernated: true }],
  ])('waits, or is none, when %s', (_, change) => {
    expect(decide(change)).toEqual({ kind: 'none' });
  });

  it('is refused with what is wrong with it', () => {
    expect(decide({ request: { value: '2', fault: 'It names no pod.' } })).toEqual({
      kind: 'refuse',
      cause: 'person',
      request: '2',
      message: 'It names no pod.',
    });
  });

  it('is carried out again for another token only', () => {
    const shard = { handledSwitchover: 'any/1' };
    expect(decide({ shard, request: { value: 'any/2', to: null } }).kind).toBe('begin');
  });
});

const broken = { kind: 'failed', error: { number: 1062, message: 'Duplicate entry' } } as const;
const cloning = { kind: 'cloning', source: PRIMARY, step: 'transfer', bytes: 1, estimatedBytes: 9 } as const;

describe('a switchover', () => {
  it.each<readonly [string, Case, RegExp]>([
    ['one instance', { shard: { acknowledgement: 'None', ackers: [] } }, /one instance: there is nobody/u],
    ['a long transaction', { primary: primary({ longestTransactionSeconds: known(61) }) }, /open for 61 s/u],
    ['the primary itself', { to: PRIMARY }, /is the primary already/u],
    ['a stranger', { to: 'demo-shard-0-7' }, /demo-shard-0-7 is no member of demo-shard-0/u],
    ['a lag', { to: FIRST, first: replica(FIRST, { lagMilliseconds: known(4200) }) }, /lags 4.2 s/u],
    ['a failure to apply', { to: FIRST, first: replica(FIRST, { applying: broken }) }, /Duplicate entry/u],
    ['a pod that goes', { to: FIRST, first: { ...replica(FIRST), isTerminating: true } }, /being stopped/u],
    ['an agent that goes', { to: FIRST, first: replica(FIRST, {}, { terminating: true }) }, /being stopped/u],
    ['a pod that is not there', { to: FIRST, first: { ...aMember(FIRST), exists: false } }, /not there/u],
    [
      'a clone under way',
      { to: FIRST, first: replica(FIRST, {}, { activity: { ...cloning, bytesPerSecond: 1 } }) },
      /no complete copy/u,
    ],
    [
      'an empty volume',
      { to: FIRST, first: replica(FIRST, {}, { volume: { kind: 'empty' } }) },
      /no complete copy/u,
    ],
    [
      'a copy being taken',
      { to: FIRST, first: replica(FIRST, {}, { cloningTo: SECOND }) },
      /copied for demo-shard-0-2/u,
    ],
  ])('is refused at once for %s', (_, change, message) => {
    expect(decide(change)).toMatchObject({ kind: 'refuse', message: expect.stringMatching(message) });
  });

  const limit = { first: replica(FIRST, { lagMilliseconds: known(3000) }), to: FIRST };
  it('is not refused at the limits', () => {
    expect(decide(limit).kind).toBe('begin');
    expect(decide({ primary: primary({ longestTransactionSeconds: known(5) }) }).kind).toBe('begin');
  });

  it.each<readonly [string, Case, RegExp]>([
    ['the primary is not heard', { primary: aMember(PRIMARY, null) }, /agent of the primary demo-shard-0-0/u],
    [
      'the primary is closed',
      { primary: primary({ role: { kind: 'detached' }, writable: false }) },
      /does not take writes/u,
    ],
    [
      'transactions are not known',
      { primary: primary({ longestTransactionSeconds: UNKNOWN }) },
      /not known how long/u,
    ],
    [
      'the member is not heard',
      { to: FIRST, first: aMember(FIRST, null) },
      /agent of demo-shard-0-1 does not/u,
    ],
    [
      'it does not receive',
      { to: FIRST, first: replica(FIRST, { receiving: { kind: 'stopped' } }) },
      /does not follow/u,
    ],
    [
      'its server is down',
      { to: FIRST, first: aMember(FIRST, replicaState({ member: null })) },
      /does not follow/u,
    ],
    [
      'its lag is not known',
      { to: FIRST, first: replica(FIRST, { lagMilliseconds: UNKNOWN }) },
      /not known how far/u,
    ],
    ['it does not count yet', { to: FIRST, shard: { ackers: [SECOND] } }, /not yet on record/u],
  ])('is refused in a while when %s', (_, change, message) => {
    expect(decide(change)).toEqual({ kind: 'none' });
    const later = { ...change, pendingMilliseconds: PATIENCE_MILLISECONDS };
    expect(decide(later)).toMatchObject({ kind: 'refuse', message: expect.stringMatching(message) });
  });

  it('names what stands against each, when none is fit', () => {
    const first = replica(FIRST, { lagMilliseconds: known(9000) });
    const second = replica(SECOND, {}, { volume: { kind: 'empty' } });
    expect(decide({ first, second })).toMatchObject({
      message: expect.stringMatching(/demo-shard-0-1 lags 9.0 s.*demo-shard-0-2 has no complete copy/u),
    });
  });
});

describe('a primary that is about to go', () => {
  const leaving: readonly [string, MemberObservation][] = [
    ['by its agent’s word', primary({}, { terminating: true })],
    ['by its pod’s', { ...primary(), isTerminating: true }],
  ];

  it.each(leaving)('hands over, %s', (_, member) => {
    expect(decide({ request: null, primary: member })).toEqual({
      kind: 'begin',
      cause: 'departure',
      request: `${PRIMARY} is being stopped`,
      from: PRIMARY,
      to: FIRST,
    });
  });

  it('does as a person asks, if one does', () => {
    const [[, member]] = leaving as [(typeof leaving)[number]];
    expect(decide({ to: SECOND, primary: member })).toMatchObject({ cause: 'person', to: SECOND });
  });

  it('hands over to nobody when all go', () => {
    const going = { terminating: true };
    const all = {
      request: null,
      primary: primary({}, going),
      first: replica(FIRST, {}, going),
      second: { ...replica(SECOND), isTerminating: true },
    };
    expect(decide({ ...all, pendingMilliseconds: PATIENCE_MILLISECONDS })).toEqual({ kind: 'none' });
    expect(decide({ ...all, second: replica(SECOND) })).toMatchObject({ kind: 'begin', to: SECOND });
  });
});
