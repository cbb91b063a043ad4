/** Agents on fake members that come back with what nobody else has, killed at every step. */
import { describe, expect, it } from '@jest/globals';
import type { FakeTail } from './testing/fake-member.ts';
import { FakeShardWorld, PODS } from './testing/fake-shard.ts';
import { OTHER_REPLICA, PRIMARY, REPLICA } from './testing/observations.ts';

async function untilAtWork(world: FakeShardWorld, longest = 120_000): Promise<void> {
  for (let passed = 0; passed < longest && !world.isAtWork(); passed += 400) {
    await world.advance(400);
    expect(world.violations()).toEqual([]);
  }
  expect(world.isAtWork()).toBe(true);
}

async function atWork(): Promise<FakeShardWorld> {
  const world = new FakeShardWorld();
  PODS.forEach((pod) => world.startAgent(pod));
  await untilAtWork(world);
  return world;
}

/** The primary dies with a tail, and another takes over; the agent of the dead one dies at a step, if at any. */
async function failOver(tail: FakeTail | null, dieAt = 0): Promise<FakeShardWorld> {
  const world = await atWork();
  world.steps = [];
  world.dieAt = dieAt;
  const former = world.member(PRIMARY);
  former.tail = tail;
  former.kill();
  world.promote(REPLICA);
  await untilAtWork(world);
  return world;
}

const TAILS: readonly FakeTail[] = ['cuttable', 'lasting', 'fatal'];

describe('a former primary', () => {
  it.each(TAILS)('with a %s tail keeps it as a file and follows its successor', async (tail) => {
    const world = await failOver(tail);
    const former = world.member(PRIMARY);
    expect(world.map.primary).toBe(REPLICA);
    expect(former.tail).toBeNull();
    expect(former.kept.filter(({ kind }) => kind === 'tail')).toHaveLength(1);
    expect(former.kept.some(({ kind }) => kind === 'data')).toBe(tail !== 'cuttable');
    const state = world.agents.get(PRIMARY)?.state;
    expect(state?.returned.kept).toHaveLength(tail === 'cuttable' ? 1 : 2);
    expect(state?.returned.vacated === null).toBe(tail === 'cuttable');
    await world.close();
  });

  it('without one keeps nothing', async () => {
    const world = await failOver(null);
    expect(world.member(PRIMARY).kept).toEqual([]);
    expect(world.steps.filter((step) => /keepTail|setAside/.test(step))).toEqual([]);
    await world.close();
  });

  it('has its tail kept before anything cuts it off, and is started but twice in vain', async () => {
    const world = await failOver('fatal');
    const own = world.steps.filter((step) => step.startsWith(PRIMARY));
    const first = (name: string): number => own.indexOf(`${PRIMARY} ${name}`);
    expect(first('keepTail')).toBeLessThan(first('start'));
    const vain = own.slice(0, first('setAside')).filter((step) => step === `${PRIMARY} start`);
    expect(vain).toHaveLength(2);
    await world.close();
  });

  it.each(TAILS)(
    'with a %s tail does so though an agent dies at any step',
    async (tail) => {
      const rehearsal = await failOver(tail);
      const count = rehearsal.steps.length;
      await rehearsal.close();
      for (let dieAt = 1; dieAt <= count; dieAt += 1) {
        const world = await failOver(tail, dieAt);
        const former = world.member(PRIMARY);
        expect({ dieAt: world.steps[dieAt - 1], tail: former.tail }).toEqual({
          dieAt: world.steps[dieAt - 1],
          tail: null,
        });
        expect(former.kept.filter(({ kind }) => kind === 'tail')).toHaveLength(1);
        await world.close();
      }
    },
    60_000,
  );
});

describe('a server that does not start', () => {
  it('is told of, and started again and again', async () => {
    const world = await atWork();
    const replica = world.member(REPLICA);
    replica.failsToStart = true;
    replica.kill();
    await world.advance(20_000);
    const problems = (): readonly string[] | undefined =>
      world.agents.get(REPLICA)?.state?.problems.map(({ reason }) => reason);
    expect(problems()).toContain('ServerDoesNotStart');
    replica.failsToStart = false;
    await untilAtWork(world);
    await world.advance(1000);
    expect(problems()).not.toContain('ServerDoesNotStart');
    await world.close();
  });
});

describe('a replica whose replication is broken for good', () => {
  it('is made anew after a while, beside another that acknowledges', async () => {
    const world = await atWork();
    const replica = world.member(REPLICA);
    replica.isBroken = true;
    await world.advance(25_000);
    expect(replica.isBroken).toBe(true);
    expect(replica.server).not.toBeNull();
    await untilAtWork(world);
    await world.advance(10_000);
    expect(replica.isBroken).toBe(false);
    expect(world.agents.get(REPLICA)?.state?.returned.vacated?.reason).toContain('applying failed');
    expect(world.map.ackers).toContain(REPLICA);
    await world.close();
  });

  it('is made anew, too, where its server refuses to follow', async () => {
    const world = await atWork();
    const replica = world.member(REPLICA);
    replica.cannotFollow = true;
    replica.kill();
    await world.advance(25_000);
    expect(replica.cannotFollow).toBe(true);
    expect(world.agents.get(REPLICA)?.state?.problems.map(({ reason }) => reason)).toContain('FollowFailed');
    await untilAtWork(world);
    await world.advance(10_000);
    expect(replica.cannotFollow).toBe(false);
    expect(world.agents.get(REPLICA)?.state?.returned.vacated?.reason).toContain('following failed');
    await world.close();
  });

  it('stays as it is while nobody else acknowledges', async () => {
    const world = await atWork();
    world.agents.get(OTHER_REPLICA)?.stop.abort(new Error('killed'));
    world.member(OTHER_REPLICA).kill();
    const replica = world.member(REPLICA);
    replica.isBroken = true;
    await world.advance(60_000);
    expect(replica.isBroken).toBe(true);
    expect(replica.server).not.toBeNull();
    const problems = world.agents.get(REPLICA)?.state?.problems.map(({ reason }) => reason);
    expect(problems).toContain('RecloneWaits');
    await world.close();
  });

  it('is given up on after three times', async () => {
    const world = await atWork();
    const replica = world.member(REPLICA);
    for (let time = 0; time < 3; time += 1) {
      replica.isBroken = true;
      await world.advance(60_000);
      expect(replica.isBroken).toBe(false);
    }
    replica.isBroken = true;
    await world.advance(60_000);
    expect(replica.isBroken).toBe(true);
    const problems = world.agents.get(REPLICA)?.state?.problems.map(({ reason }) => reason);
    expect(problems).toContain('RecloneGivenUp');
    await world.close();
  });
});
