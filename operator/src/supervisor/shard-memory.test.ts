import { describe, expect, it } from '@jest/globals';
import type { AgentState } from '../agent/protocol/agent-state.ts';
import type { AgentView } from './agent-client/agent-client.ts';
import type { MemberObservation } from './observe-shard.ts';
import { type Gathered, ShardMemory } from './shard-memory.ts';
import { aMember, anObservation, aShard, PODS } from './testing/observations.ts';
import { ended, following, leading } from './testing/states.ts';

const [PRIMARY, FIRST, SECOND] = PODS;

function view(frameReceivedAt: number, attendedAt?: number): AgentView {
  return {
    status: 'connected',
    statusSince: 0,
    error: undefined,
    frame: undefined,
    frameReceivedAt,
    roundTripMilliseconds: undefined,
    attendedAt,
  };
}

function gathered(members: readonly MemberObservation[], shard = aShard()): Gathered {
  return anObservation(shard, members);
}

describe('the memory of a shard', () => {
  it('knows since when an agent is silent, from when it listens on', () => {
    const memory = new ShardMemory(100);
    expect(memory.hear('a', undefined, 0).lastHeard).toBe(100);
    expect(memory.hear('a', view(250), 0).lastHeard).toBe(250);
    expect(memory.hear('a', undefined, 0).lastHeard).toBe(250);
  });

  it('counts what a stream brought before this operator led, when another may have shown itself until then', () => {
    const memory = new ShardMemory(1000);
    expect(memory.hear('a', view(300, 200), 0)).toEqual({ lastHeard: 300, lastAttended: 1000 });
    expect(memory.hear('a', view(1200, 200), 0)).toEqual({ lastHeard: 1200, lastAttended: 1200 });
  });

  it('takes the time for which we were held up ourselves for nobody’s silence', () => {
    const memory = new ShardMemory(0);
    expect(memory.hear('a', view(100), 40).lastHeard).toBe(100);
    expect(memory.hear('a', view(100), 540).lastHeard).toBe(600);
    expect(memory.hear('a', view(700), 540).lastHeard).toBe(700);
  });

  it('knows when an agent can last have heard of a leader, whatever we were held up by', () => {
    const memory = new ShardMemory(0);
    expect(memory.hear('a', view(100, 300), 0).lastAttended).toBe(300);
    expect(memory.hear('a', view(400, 300), 0).lastAttended).toBe(400);
    expect(memory.hear('a', undefined, 5000).lastAttended).toBe(400);
  });

  it.each<readonly [string, readonly MemberObservation[], boolean]>([
    ['says so itself', [aMember(PRIMARY, leading())], true],
    ['is not writable', [aMember(PRIMARY, leading({}, { writable: false }))], false],
    [
      'has not recorded this epoch',
      [aMember(PRIMARY, leading({}, { epoch: { kind: 'known', value: 2 } }))],
      false,
    ],
    ['is known by an acker to have recorded it', [aMember(FIRST, following())], true],
    [
      'has only its former epoch at the ackers',
      [aMember(FIRST, following({}, { epoch: { kind: 'known', value: 2 } }))],
      false,
    ],
    ['is silent, with nobody who knows', [], false],
  ])('knows whether a primary has taken writes that %s', (_, members, expected) => {
    expect(new ShardMemory(0).complete(gathered(members), 0).hasOpened).toBe(expected);
  });

  it('keeps that for the epoch, and for no other', () => {
    const memory = new ShardMemory(0);
    memory.complete(gathered([aMember(PRIMARY, leading())]), 0);
    expect(memory.complete(gathered([]), 1).hasOpened).toBe(true);
    expect(memory.complete(gathered([], aShard({ epoch: 4 })), 2).hasOpened).toBe(false);
  });

  it('knows for how long a primary has been in trouble, from the first sign on', () => {
    const memory = new ShardMemory(0);
    const dead = gathered([aMember(PRIMARY, ended(42))]);
    expect(memory.complete(gathered([aMember(PRIMARY, leading())]), 0).troubledMilliseconds).toBeNull();
    expect(memory.complete(dead, 100).troubledMilliseconds).toBe(0);
    expect(memory.complete(dead, 350).troubledMilliseconds).toBe(250);
    const shard = aShard({ epoch: 5, primary: FIRST, replicas: [PRIMARY, SECOND] });
    expect(memory.complete(gathered([aMember(FIRST, ended(42))], shard), 400).troubledMilliseconds).toBe(0);
    expect(
      memory.complete(gathered([aMember(FIRST, leading())], shard), 500).troubledMilliseconds,
    ).toBeNull();
  });

  it('knows for how long commits have hung without a pause', () => {
    const memory = new ShardMemory(0);
    const waiting = (waitingSessions: number): AgentState => {
      const { acknowledgement } = leading().member ?? {};
      return leading({}, acknowledgement && { acknowledgement: { ...acknowledgement, waitingSessions } });
    };
    const hanging = [
      aMember(FIRST, following({ receiving: { kind: 'connecting' } })),
      aMember(PRIMARY, waiting(1)),
    ];
    const relieved = [aMember(FIRST, following()), aMember(PRIMARY, waiting(0))];
    expect(memory.complete(gathered(hanging), 100).commitsHangMilliseconds).toBe(0);
    expect(memory.complete(gathered(hanging), 900).commitsHangMilliseconds).toBe(800);
    expect(memory.complete(gathered(relieved), 950).commitsHangMilliseconds).toBeNull();
    expect(memory.complete(gathered(hanging), 1000).commitsHangMilliseconds).toBe(0);
  });
});
