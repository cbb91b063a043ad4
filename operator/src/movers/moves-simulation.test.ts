/** Slots move while operators, agents and primaries fail, at every step and in any order. */
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ShardMapSpec } from '../api/v1alpha1/index.ts';
import { shardRebalances } from '../controllers/sharded-cluster/resource-types.ts';
import { SimulatedMoves, SLOTS } from './testing/simulated-moves.ts';

let world: SimulatedMoves;

afterEach(async () => {
  await world.close();
});

async function begin(...parameters: Parameters<SimulatedMoves['begin']>): Promise<SimulatedMoves> {
  world = new SimulatedMoves();
  await world.begin(...parameters);
  return world;
}

describe('a shard that is added', () => {
  it('gets its share of the slots, with everything written meanwhile', async () => {
    await begin();
    expect(await world.untilEnded()).toBe('Completed');
    expect(await world.slotsByShard()).toEqual({ 0: 2, 1: 2, 2: 2 });
    expect(await world.finalViolations()).toEqual([]);
    const { metadata, spec, status } = await world.rebalance();
    expect(metadata.name).toBe('demo-r1');
    expect(spec).toMatchObject({ clusterName: 'demo', scale: { shards: 3 } });
    expect(status?.progress).toMatchObject({ total: 2, done: 2, pending: 0, failed: 0 });
    expect(Math.min(...world.acknowledged)).toBeGreaterThan(20);
    const reasons = new Set(world.events.map(({ reason }) => reason));
    expect([...reasons].toSorted()).toEqual([
      'RebalanceApproved',
      'RebalanceCompleted',
      'RebalancePlanned',
      'RebalanceSoaking',
      'SlotMoved',
    ]);
  });

  it('is asked for once', async () => {
    await begin();
    await world.untilEnded();
    await world.advance(10_000);
    expect(await world.rebalances()).toHaveLength(1);
  });
});

describe('a shard that is to leave', () => {
  it('gives all its slots to those that stay, and nothing else moves', async () => {
    await begin(2, { soakSeconds: 1 });
    await world.changeSpec({ shards: 1 });
    expect(await world.untilEnded()).toBe('Completed');
    expect(await world.slotsByShard()).toEqual({ 0: SLOTS });
    expect((await world.rebalance()).status?.progress).toMatchObject({ total: 3, done: 3 });
    expect(await world.finalViolations()).toEqual([]);
  });
});

describe('a rebalance that is deleted', () => {
  it('leaves no trace on the map, and another takes its place', async () => {
    await begin(3, { soakSeconds: 1 });
    await world.until(async () => (await world.map()).spec.moves !== undefined);
    const { metadata } = await world.rebalance();
    await world.server.delete(
      shardRebalances,
      { namespace: 'test', name: metadata.name },
      {},
      new AbortController().signal,
    );
    expect(await world.untilEnded()).toBe('Completed');
    expect((await world.rebalance()).metadata.uid).not.toBe(metadata.uid);
    expect(await world.slotsByShard()).toEqual({ 0: 2, 1: 2, 2: 2 });
    expect(await world.finalViolations()).toEqual([]);
  });
});

describe('limits', () => {
  it('are put on the map with the first move, and follow the spec while moves run', async () => {
    await begin();
    await world.until(async () => (await world.map()).spec.moves !== undefined);
    await world.changeSpec({ rebalance: { rowsPerSecond: 77 } });
    await world.advance(1000);
    expect((await world.map()).spec.moveLimits).toMatchObject({ rowsPerSecond: 77, paused: false });
    await world.changeSpec({ rebalance: { paused: true } });
    await world.advance(1000);
    expect((await world.map()).spec.moveLimits).toMatchObject({ paused: true });
  });

  it('that older definitions do not keep are not written again and again, hold the moves, and say why', async () => {
    world = new SimulatedMoves();
    const { server } = world;
    const replace = server.replace.bind(server);
    let areOutdated = true;
    server.replace = (type, object, ...others) => {
      const { moveLimits } = (object as { spec?: ShardMapSpec }).spec ?? {};
      if (areOutdated && moveLimits !== undefined) {
        delete moveLimits.maxRunningThreads;
      }
      return replace(type, object, ...others);
    };
    await world.begin();
    await world.until(async () => (await world.map()).spec.moves !== undefined);
    await world.advance(2000);
    const { revision } = (await world.map()).spec;
    await world.advance(20_000);
    expect((await world.map()).spec.revision).toBe(revision);
    expect((await world.rebalance()).status).toMatchObject({
      phase: 'Held',
      held: { reason: 'MoveHeld', message: expect.stringContaining('older than this operator') },
    });
    areOutdated = false;
    expect(await world.untilEnded()).toBe('Completed');
    expect((await world.map()).spec.moveLimits).toHaveProperty('maxRunningThreads');
  });
});

describe('an operator that is killed', () => {
  it('at any write, before or after it, leaves nothing that another does not finish', async () => {
    let tried = 0;
    for (let dieAt = 1; ; dieAt += 1) {
      await begin(3, { soakSeconds: 1 });
      world.dieAt = dieAt;
      expect({ dieAt, phase: await world.untilEnded() }).toEqual({ dieAt, phase: 'Completed' });
      expect(await world.finalViolations()).toEqual([]);
      expect(await world.rebalances()).toHaveLength(1);
      const isOver = world.steps < world.dieAt;
      await world.close();
      if (isOver) {
        tried = dieAt;
        break;
      }
    }
    expect(tried).toBeGreaterThan(20);
  });
});

type Mishap =
  | { readonly kind: 'failOver' | 'restartAgent' | 'deafen' | 'hear'; readonly shard: number }
  | { readonly kind: 'killOperators' | 'secondOperator' };

const mishap = fc.record({
  after: fc.integer({ min: 1, max: 40 }),
  what: fc.oneof(
    fc.record({
      kind: fc.constantFrom('failOver' as const, 'restartAgent' as const, 'deafen' as const, 'hear' as const),
      shard: fc.integer({ min: 0, max: 2 }),
    }),
    fc.record({ kind: fc.constantFrom('killOperators' as const, 'secondOperator' as const) }),
  ),
});

async function suffer(what: Mishap): Promise<void> {
  switch (what.kind) {
    case 'failOver':
      await world.failOver(what.shard);
      break;
    case 'restartAgent':
      world.restartAgent(what.shard);
      break;
    case 'killOperators':
      world.killOperators();
      break;
    case 'secondOperator':
      world.startOperator();
      break;
    default: {
      const agent = world.agents.get(what.shard);
      if (agent !== undefined) {
        agent.isBehind = what.kind === 'deafen';
      }
    }
  }
}

const wish = fc.constantFrom('nothing', 'cancel', 'rollback');

describe('any mishaps in any order', () => {
  it('lose no write, leave every slot on exactly one shard, and let it end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(mishap, { maxLength: 12 }),
        wish,
        fc.integer({ min: 0, max: 11 }),
        async (mishaps, said, when) => {
          await begin(3, { soakSeconds: 2 });
          for (const [index, { after, what }] of mishaps.entries()) {
            await world.advance(after * 50);
            await suffer(what);
            const isSaid = said !== 'nothing' && index === when && (await world.rebalances()).length > 0;
            if (isSaid && (await world.rebalance()).status?.endedAt === undefined) {
              await world.say({ [said]: true });
            }
          }
          world.agents.forEach((agent) => {
            agent.isBehind = false;
          });
          const phase = await world.untilEnded(300_000);
          expect(['Completed', 'Cancelled', 'RolledBack']).toContain(phase);
          expect(await world.finalViolations()).toEqual([]);
          await world.close();
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('a rebalance that is cancelled', () => {
  it('before any cut-over leaves everything where it was', async () => {
    await begin();
    await world.until(async () => (await world.map()).spec.moves !== undefined);
    await world.say({ cancel: true });
    expect(await world.untilEnded()).toBe('Cancelled');
    expect(await world.finalViolations()).toEqual([]);
    await world.advance(10_000);
    expect(await world.rebalances()).toHaveLength(1);
  });
});

describe('a rebalance that is rolled back', () => {
  it('while it soaks gives every slot back, with everything written since', async () => {
    await begin(3, { soakSeconds: 600 });
    await world.until(async () => (await world.rebalances())[0]?.status?.phase === 'Soaking');
    expect(await world.slotsByShard()).toEqual({ 0: 2, 1: 2, 2: 2 });
    await world.advance(2000);
    await world.say({ rollback: true });
    expect(await world.untilEnded()).toBe('RolledBack');
    expect(await world.slotsByShard()).toEqual({ 0: SLOTS / 2, 1: SLOTS / 2 });
    expect(await world.finalViolations()).toEqual([]);
  });
});

describe('a rebalance that is paused', () => {
  it('stays where it is, and goes on from there', async () => {
    await begin();
    await world.changeSpec({ rebalance: { paused: true } });
    await world.advance(5000);
    expect((await world.rebalance()).status).toMatchObject({
      phase: 'Held',
      held: { reason: 'ClusterPaused' },
    });
    expect(await world.slotsByShard()).toEqual({ 0: 3, 1: 3 });
    await world.changeSpec({ rebalance: { paused: false } });
    expect(await world.untilEnded()).toBe('Completed');
  });

  it('waits for consent where the cluster asks for it', async () => {
    await begin(3, { approval: 'Manual', soakSeconds: 1 });
    await world.advance(20_000);
    expect((await world.rebalance()).status?.phase).toBe('AwaitingApproval');
    expect((await world.map()).spec.moves).toBeUndefined();
    await world.say({ approved: true });
    expect(await world.untilEnded()).toBe('Completed');
    expect(await world.finalViolations()).toEqual([]);
  });
});

describe('a session that does not leave', () => {
  it('is named after five attempts, and the move goes on when it has left', async () => {
    await begin();
    const source = world.agents.get(0);
    if (source === undefined) {
      throw new Error('there is no shard 0');
    }
    source.isSessionInTheWay = true;
    await world.until(
      async () =>
        (await world.map()).spec.moves?.some(({ from, attempt }) => from === 0 && attempt > 5) === true,
    );
    await world.advance(3000);
    const move = (await world.rebalance()).status?.moves?.find(({ from }) => from === 0);
    expect(move?.heldBecause).toContain('Session 42 of app does not leave.');
    expect(source.databases.size).toBeGreaterThan(0);
    source.isSessionInTheWay = false;
    expect(await world.untilEnded(300_000)).toBe('Completed');
    expect(await world.finalViolations()).toEqual([]);
  });
});

describe('a copy that is not equal', () => {
  it('is removed, and the rebalance ends there', async () => {
    await begin();
    const target = world.agents.get(2);
    if (target === undefined) {
      throw new Error('there is no shard 2');
    }
    target.isCorrupting = true;
    expect(await world.untilEnded()).toBe('Failed');
    const { status } = await world.rebalance();
    expect(status?.moves?.[0]).toMatchObject({ phase: 'Failed', error: 'Row 7 of t differs.' });
    expect(await world.finalViolations()).toEqual([]);
    await world.advance(10_000);
    expect(await world.rebalances()).toHaveLength(1);
  });
});
