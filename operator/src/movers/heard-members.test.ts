import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentState } from '../agent/protocol/agent-state.ts';
import type { MoveReport } from '../agent/protocol/move-report.ts';
import { aReport } from '../agent/moves/testing/move-reports.ts';
import { replicaState } from '../agent/testing/agent-states.ts';
import { aMove } from '../api/v1alpha1/testing/moves.ts';
import { aPod } from '../controllers/sharded-cluster/testing/builders.ts';
import { mariadbPositions } from '../engines/mariadb/gtid.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { FRESH_MILLISECONDS } from '../supervisor/observe-shard.ts';
import { aShard } from '../supervisor/testing/observations.ts';
import { holding } from '../supervisor/testing/states.ts';
import { HeardMembers } from './heard-members.ts';

const GIVING = aShard({ number: 0, name: 'demo-shard-0' });
const RECEIVING = aShard({
  number: 2,
  name: 'demo-shard-2',
  primary: 'demo-shard-2-0',
  replicas: ['demo-shard-2-1', 'demo-shard-2-2'],
});
const SHARDS = [GIVING, RECEIVING];
const MOVE = aMove('Copying');

describe('the members of a cluster', () => {
  let clock: FakeClock;
  let states: Map<string, AgentState>;
  let heard: HeardMembers;

  beforeEach(() => {
    clock = new FakeClock();
    states = new Map();
    heard = new HeardMembers({
      cluster: { namespace: 'test', name: 'demo' },
      pods: { get: ({ name }) => (states.has(name) ? aPod(name) : undefined) },
      viewOf(uid) {
        const state = states.get(uid.replace('uid-of-', ''));
        return state === undefined
          ? undefined
          : {
              status: 'connected',
              statusSince: 0,
              error: undefined,
              frame: { version: 1, sequence: 1, sentAt: 0, state },
              frameReceivedAt: 0,
              roundTripMilliseconds: 1,
              attendedAt: undefined,
            };
      },
      positions: mariadbPositions,
      clock,
    });
  });

  const say = (change: Partial<MoveReport>): void => {
    states.set('demo-shard-2-0', replicaState({ moves: [aReport(change)] }));
  };

  it('are heard at both ends of a move, by the primaries and nobody else', () => {
    states.set('demo-shard-0-0', replicaState({ moves: [aReport({ role: 'giving' })] }));
    states.set('demo-shard-2-1', replicaState({ moves: [aReport()] }));
    expect(heard.reportsOf(SHARDS, MOVE)).toMatchObject({ from: { role: 'giving' }, to: undefined });
    say({ stage: 'Following' });
    expect(heard.reportsOf(SHARDS, MOVE).to).toMatchObject({ role: 'receiving', stage: 'Following' });
    expect(heard.reportsOf(SHARDS, aMove('Copying', { id: 'grow-2' })).to).toBeUndefined();
  });

  it('count for nothing once their word is old', async () => {
    say({});
    await clock.advance(FRESH_MILLISECONDS);
    expect(heard.primaryOf(RECEIVING)).toBeDefined();
    await clock.advance(1);
    expect(heard.primaryOf(RECEIVING)).toBeUndefined();
    expect(heard.reportsOf(SHARDS, MOVE).to).toBeUndefined();
  });

  it('say something else when a stage changes, and nothing else when a figure does', () => {
    say({ stage: 'Copying', rowsCopied: 1 });
    const before = heard.wordsOf(SHARDS, [MOVE]);
    say({ stage: 'Copying', rowsCopied: 2 });
    expect(heard.wordsOf(SHARDS, [MOVE])).toBe(before);
    say({ stage: 'Following', rowsCopied: 2 });
    expect(heard.wordsOf(SHARDS, [MOVE])).not.toBe(before);
    states.clear();
    expect(heard.wordsOf(SHARDS, [MOVE])).toBe('-,-');
  });

  it('tell whether they have applied a position; whoever is silent has not', () => {
    states.set('demo-shard-2-1', holding(42));
    expect(heard.hasApplied('demo-shard-2-1', '0-1-42')).toBe(true);
    expect(heard.hasApplied('demo-shard-2-1', '0-1-43')).toBe(false);
    expect(heard.hasApplied('demo-shard-2-2', '0-1-1')).toBe(false);
  });

  it('tell what is free on the fullest volume of a shard', () => {
    expect(heard.freeBytesOf(RECEIVING)).toBeNull();
    states.set('demo-shard-2-0', replicaState({ freeBytes: 300 }));
    states.set('demo-shard-2-2', replicaState({ freeBytes: 100 }));
    expect(heard.freeBytesOf(RECEIVING)).toBe(100);
    expect(heard.freeBytesOf({ ...RECEIVING, primary: null })).toBe(100);
  });
});
