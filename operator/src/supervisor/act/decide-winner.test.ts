import { describe, expect, it } from '@jest/globals';
import { mariadbPositions } from '../../engines/mariadb/gtid.ts';
import type { FinalPosition } from '../election-input.ts';
import type { MemberObservation } from '../observe-shard.ts';
import { aMember, anObservation, aShard, PODS } from '../testing/observations.ts';
import { at, ended, holding } from '../testing/states.ts';
import { decideWinner, type FencingProgress } from './decide-winner.ts';

const [FORMER, FIRST, SECOND] = PODS;
const shard = aShard({
  epoch: 4,
  primary: null,
  formerPrimary: FORMER,
  replicas: [...PODS],
  ackers: [FIRST, SECOND],
});
const gone = aMember(FORMER);
const first = aMember(FIRST, holding(42));
const second = aMember(SECOND, holding(41));
const answer = (sequence: number): FinalPosition => ({ received: at(sequence), applied: at(sequence) });

interface Case {
  readonly members?: readonly MemberObservation[];
  readonly answers?: Readonly<Record<string, FinalPosition>>;
  readonly progress?: Partial<FencingProgress>;
  readonly policy?: 'Availability';
  readonly chosen?: string;
  readonly preferred?: string;
}

function decide(change: Case) {
  const { members = [gone, first, second], answers, progress, policy, chosen, preferred } = change;
  const observation = anObservation(shard, members);
  return decideWinner(
    {
      ...observation,
      failover: { ...observation.failover, ...(policy === undefined ? {} : { policy }) },
    },
    {
      answers: new Map(Object.entries(answers ?? { [FIRST]: answer(42), [SECOND]: answer(41) })),
      isWaiting: false,
      isFenced: true,
      formerEnd: null,
      elapsed: 0,
      ...progress,
    },
    { chosen: chosen ?? null, preferred: preferred ?? null },
    mariadbPositions,
  );
}

const publish = (winner: string, mayMiss: readonly string[] = []) => ({ kind: 'publish', winner, mayMiss });
const wait = { kind: 'wait' };
const deadEnd = (sequence: number) => aMember(FORMER, ended(sequence, 0, { epoch: 4 }));
const onlyFirst = { [FIRST]: answer(42) };

describe('a promotion without a winner yet', () => {
  it.each<readonly [string, Case, object]>([
    ['publishes at once when every acker has answered', {}, publish(FIRST)],
    ['does so while somebody else is still asked', { progress: { isWaiting: true } }, publish(FIRST)],
    [
      'waits until the winner has applied what it received: clients would read the past there',
      {
        members: [gone, aMember(FIRST, holding(41)), second],
        answers: { [FIRST]: { received: at(42), applied: at(41) }, [SECOND]: answer(41) },
      },
      wait,
    ],
    [
      'does not wait for one that applies it only as the primary',
      {
        members: [gone, aMember(FIRST, holding(42, 41, { applying: { kind: 'stopped' } })), second],
        answers: { [FIRST]: { received: at(42), applied: at(41) }, [SECOND]: answer(41) },
      },
      publish(FIRST),
    ],
    [
      'waits for that no longer than a minute',
      {
        members: [gone, aMember(FIRST, holding(42, 41)), second],
        answers: { [FIRST]: { received: at(42), applied: at(41) }, [SECOND]: answer(41) },
        progress: { elapsed: 60_000 },
      },
      publish(FIRST),
    ],
    [
      'does not wait for another than the winner to apply anything',
      { answers: { [FIRST]: answer(42), [SECOND]: { received: at(41), applied: at(1) } } },
      publish(FIRST),
    ],
    [
      'waits until the former primary can take no writes, and knows whom it waits with',
      { progress: { isFenced: false } },
      { kind: 'wait', candidate: FIRST },
    ],
    [
      'waits for an acker that is being asked',
      { answers: onlyFirst, progress: { isWaiting: true, elapsed: 60_000 } },
      wait,
    ],
    [
      'waits for a moment for one that cannot be asked',
      { answers: onlyFirst, progress: { elapsed: 1999 } },
      wait,
    ],
    [
      'says then that it is missing',
      { answers: onlyFirst, progress: { elapsed: 2000 } },
      { kind: 'blocked', refusal: expect.objectContaining({ reason: 'AckersUnreachable', best: FIRST }) },
    ],
    [
      'waits for the answer of the member that is asked for, though another would do',
      {
        members: [deadEnd(42), first, second],
        answers: onlyFirst,
        preferred: SECOND,
        progress: { elapsed: 999 },
      },
      wait,
    ],
    [
      'takes another when that answer does not come',
      {
        members: [deadEnd(42), first, second],
        answers: onlyFirst,
        preferred: SECOND,
        progress: { elapsed: 1000 },
      },
      publish(FIRST),
    ],
    [
      'does without one whose writes the dead primary’s log would show',
      { answers: onlyFirst, members: [deadEnd(42), first] },
      publish(FIRST),
    ],
    [
      'leaves that to a former primary whose agent has not read the map, for it may have started again',
      {
        answers: onlyFirst,
        members: [aMember(FORMER, ended(42, 0, { epoch: 3 })), first],
        progress: { elapsed: 2000 },
      },
      { kind: 'blocked', refusal: expect.objectContaining({ reason: 'AckersUnreachable' }) },
    ],
    [
      'and to one that starts',
      {
        answers: onlyFirst,
        members: [aMember(FORMER, ended(42, 0, { epoch: 4, activity: { kind: 'starting' } })), first],
        progress: { elapsed: 2000 },
      },
      { kind: 'blocked', refusal: expect.objectContaining({ reason: 'AckersUnreachable' }) },
    ],
    [
      'counts an acker whose server is down by its files',
      { answers: onlyFirst, members: [gone, first, aMember(SECOND, ended(40, 43, { epoch: 4 }))] },
      publish(SECOND),
    ],
    [
      'does not count files that cannot be read',
      {
        answers: onlyFirst,
        members: [gone, first, aMember(SECOND, ended(40, null, { epoch: 4 }))],
        progress: { elapsed: 2000 },
      },
      { kind: 'blocked', refusal: expect.objectContaining({ reason: 'AckersUnreachable' }) },
    ],
    [
      'goes back to the former primary only when others had their time',
      { answers: onlyFirst, members: [deadEnd(43), first], progress: { elapsed: 1999 } },
      wait,
    ],
    [
      'and then does',
      { answers: onlyFirst, members: [deadEnd(43), first], progress: { elapsed: 2000 } },
      publish(FORMER),
    ],
    [
      'waits long before it gives writes up by the policy Availability',
      { answers: onlyFirst, policy: 'Availability', progress: { elapsed: 9999 } },
      wait,
    ],
    [
      'and then gives them up',
      { answers: onlyFirst, policy: 'Availability', progress: { elapsed: 10_000 } },
      publish(FIRST, [SECOND]),
    ],
    ['does at once what a person decided', { answers: onlyFirst, chosen: FIRST }, publish(FIRST, [SECOND])],
    [
      'prefers who has applied more by now',
      {
        answers: {
          [FIRST]: { received: at(42), applied: at(20) },
          [SECOND]: { received: at(42), applied: at(30) },
        },
        members: [gone, aMember(FIRST, holding(42, 42)), aMember(SECOND, holding(42, 10))],
      },
      publish(FIRST),
    ],
  ])('%s', (_, change, expected) => {
    expect(decide(change)).toEqual(expected);
  });
});
