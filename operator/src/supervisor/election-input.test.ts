import { describe, expect, it } from '@jest/globals';
import type { AgentState } from '../agent/protocol/agent-state.ts';
import { mariadbPositions } from '../engines/mariadb/gtid.ts';
import type { Position } from '../engines/position.ts';
import { finalElection, type FinalPosition, presentElection } from './election-input.ts';
import type { MemberObservation } from './observe-shard.ts';
import { aMember, anObservation, aShard, PODS } from './testing/observations.ts';
import { at, ended, following, holding, leading } from './testing/states.ts';

const [FORMER, FIRST, SECOND] = PODS;
const NOBODY = { chosen: null, preferred: null };
const promoting = aShard({ epoch: 4, primary: null, formerPrimary: FORMER, replicas: [...PODS] });

function finalOf(
  pod: string,
  state: AgentState | null,
  answer?: FinalPosition,
  change: Partial<MemberObservation> = {},
  formerEnd: Position | null = null,
) {
  const answers = new Map(answer === undefined ? [] : [[pod, answer]]);
  const observation = anObservation(promoting, [aMember(pod, state, change)]);
  const election = finalElection(observation, { answers, formerEnd }, NOBODY, mariadbPositions);
  return { ...election.members.find((member) => member.pod === pod), formerEnd: election.formerEnd };
}

function presentOf(pod: string, state: AgentState | null) {
  const election = presentElection(anObservation(aShard(), [aMember(pod, state)]), NOBODY, mariadbPositions);
  return { ...election.members.find((member) => member.pod === pod), formerEnd: election.formerEnd };
}

const seen = { epoch: 4 };
const hung = { unresponsive: { forMilliseconds: 1000, usedProcessor: false } };
const slow = { unresponsive: { forMilliseconds: 5000, usedProcessor: true } };

describe('where the former primary ends', () => {
  it('is what its files tell once it is dead, and what it said itself when it stepped down', () => {
    expect(finalOf(FORMER, ended(42, 40, seen), undefined, {}, at(41))).toMatchObject({ formerEnd: at(42) });
    expect(finalOf(FORMER, leading(), undefined, {}, at(41))).toMatchObject({
      formerEnd: at(41),
      isEligible: false,
    });
    expect(finalOf(FORMER, leading())).toMatchObject({ formerEnd: null });
  });
});

describe('the final position of a member', () => {
  it('is what it answered, however old what it tells is', () => {
    const answer = { received: at(42), applied: at(40) };
    expect(finalOf(FIRST, holding(30, 20), answer)).toMatchObject({ received: at(42), applied: at(40) });
    expect(finalOf(FIRST, null, answer)).toMatchObject({ received: at(42), isEligible: false });
  });

  it('is not what a running server tells unasked: it may still grow', () => {
    expect(finalOf(FIRST, holding(42))).toMatchObject({ received: null });
  });

  it('is the longer of its own log and what it received, where its server is down', () => {
    expect(finalOf(FIRST, ended(42, 40, seen))).toMatchObject({ received: at(42) });
    expect(finalOf(FIRST, ended(40, 42, seen))).toMatchObject({ received: at(42), applied: at(42) });
  });

  it.each<readonly [string, AgentState]>([
    ['one of the files cannot be read', ended(42, null, seen)],
    ['the other cannot', ended(null, 42, seen)],
    [
      'they contradict each other',
      { ...ended(42, 42, seen), receivedEnd: { kind: 'known', value: '0-9-42' as never } },
    ],
    ['its agent has not read the map: its server may start', ended(42, 42, { epoch: 3 })],
    ['its server starts', ended(42, 42, { ...seen, activity: { kind: 'starting' } })],
  ])('is unknown where %s', (_, state) => {
    expect(finalOf(FIRST, state)).toMatchObject({ received: null });
  });

  it('is that of the former primary only once it is dead', () => {
    expect(finalOf(FORMER, leading(seen)).formerEnd).toBeNull();
    expect(finalOf(FORMER, ended(43, 0, seen)).formerEnd).toBe(at(43));
  });
});

describe('a member', () => {
  const broken = following({ applying: { kind: 'failed', error: { number: 1032, message: 'no such row' } } });
  it.each<readonly [string, string, AgentState | null, Partial<MemberObservation>, boolean]>([
    ['that runs', FIRST, holding(42), {}, true],
    ['that is slow', FIRST, { ...holding(42), ...slow }, {}, true],
    ['that hangs', FIRST, { ...holding(42), ...hung }, {}, false],
    ['that is down', FIRST, ended(42), {}, true],
    ['that says nothing', FIRST, null, {}, false],
    ['that cannot apply', FIRST, broken, {}, false],
    ['that could not, since it was started', FIRST, { ...holding(42), cannotApply: true }, {}, false],
    ['that nobody has looked at', FIRST, { ...holding(42), member: null }, {}, false],
    ['without a complete volume', FIRST, { ...ended(42), volume: { kind: 'empty' } }, {}, false],
    [
      'of which the launcher says nothing',
      FIRST,
      { ...holding(42), server: { kind: 'unknown', reason: '' } },
      {},
      false,
    ],
    ['whose pod is gone', FIRST, holding(42), { exists: false }, false],
    ['that was the primary and is dead', FORMER, ended(42), {}, true],
    ['that was the primary and still runs', FORMER, leading(), {}, false],
  ])('%s can take over, or not', (_, pod, state, change, isEligible) => {
    expect(finalOf(pod, state, undefined, change)).toMatchObject({ isEligible });
  });

  it('is on its way out by the word of the API server or of its agent', () => {
    expect(finalOf(FIRST, holding(42))).toMatchObject({ isTerminating: false });
    expect(finalOf(FIRST, holding(42), undefined, { isTerminating: true })).toMatchObject({
      isTerminating: true,
    });
    expect(finalOf(FIRST, { ...holding(42), terminating: true })).toMatchObject({ isTerminating: true });
  });
});

describe('the present position of a member', () => {
  it('is what it tells, also where it is slow, and what its files hold where it is down', () => {
    expect(presentOf(SECOND, holding(42, 40))).toMatchObject({ received: at(42), applied: at(40) });
    expect(presentOf(SECOND, { ...holding(42), ...slow })).toMatchObject({ received: at(42) });
    expect(presentOf(SECOND, { ...holding(42), ...hung })).toMatchObject({ received: null });
    expect(presentOf(SECOND, ended(41, 42))).toMatchObject({ received: at(42) });
    expect(presentOf(FORMER, ended(43)).formerEnd).toBe(at(43));
  });

  it('counts that of a primary among the ackers’ where it never took writes', () => {
    const members = [aMember(FORMER, ended(43))];
    const ackers = (hasOpened: boolean) =>
      presentElection(anObservation(aShard(), members, { hasOpened }), NOBODY, mariadbPositions).ackers;
    expect(ackers(true)).toEqual([FIRST, SECOND]);
    expect(ackers(false)).toEqual([FIRST, SECOND, FORMER]);
  });
});
