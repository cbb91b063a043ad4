/** Agents on fake members: killed at every step, and in any order of events. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FakeShardWorld, PODS } from './testing/fake-shard.ts';
import { PRIMARY, REPLICA } from './testing/observations.ts';

async function bootstrap(dieAt = 0): Promise<FakeShardWorld> {
  const world = new FakeShardWorld();
  world.dieAt = dieAt;
  PODS.forEach((pod) => world.startAgent(pod));
  return world;
}

async function untilAtWork(world: FakeShardWorld): Promise<void> {
  for (let attempt = 0; attempt < 200 && !world.isAtWork(); attempt += 1) {
    await world.advance(400);
    expect(world.violations()).toEqual([]);
  }
}

async function atWork(): Promise<FakeShardWorld> {
  const world = await bootstrap();
  await untilAtWork(world);
  expect(world.isAtWork()).toBe(true);
  return world;
}

describe('agents', () => {
  it('bring a shard to work, from one database', async () => {
    const world = await atWork();
    expect(PODS.map((pod) => world.member(pod).initialised)).toEqual([1, 0, 0]);
    expect(world.map).toMatchObject({ initialised: true, ackers: expect.arrayContaining([REPLICA]) });
    await world.close();
  });

  it('bring it to work when one of them dies at any step, before or after its effect', async () => {
    const rehearsal = await atWork();
    const steps = rehearsal.steps.length;
    await rehearsal.close();
    expect(steps).toBeGreaterThan(40);
    for (let dieAt = 1; dieAt <= steps; dieAt += 1) {
      const world = await bootstrap(dieAt);
      await untilAtWork(world);
      expect({ dieAt: world.steps[dieAt - 1], isAtWork: world.isAtWork() }).toEqual({
        dieAt: world.steps[dieAt - 1],
        isAtWork: true,
      });
      expect(world.member(PRIMARY).initialised).toBe(1);
      await world.close();
    }
  });

  it('tell that what was received cannot be applied after a start, for as long as that is so', async () => {
    const world = await atWork();
    const told = (): readonly unknown[] => {
      const { cannotApply, couldNotApply } = world.agents.get(REPLICA)?.state ?? {};
      return [cannotApply, couldNotApply];
    };
    const replica = world.member(REPLICA);
    replica.cannotSalvage = true;
    replica.kill();
    await world.advance(3000);
    expect(told()).toEqual([true, true]);
    replica.kill();
    await world.advance(0);
    expect(told()).toEqual([false, true]);
    replica.cannotSalvage = false;
    await world.advance(10_000);
    await untilAtWork(world);
    expect(world.isAtWork()).toBe(true);
    expect(told()).toEqual([false, false]);
    await world.close();
  });

  it('leave a running server alone when they stop or start', async () => {
    const world = await atWork();
    const servers = PODS.map((pod) => world.member(pod).server);
    world.steps = [];
    PODS.forEach((pod) => world.restartAgent(pod));
    await world.advance(5000);
    expect(PODS.map((pod) => world.member(pod).server)).toEqual(servers);
    expect(world.isAtWork()).toBe(true);
    const changing = /start|kill|initialise|receive|follow|openWrites|setAcknowledgement|salvage/;
    expect(world.steps.filter((step) => changing.test(step))).toEqual([]);
    await world.close();
  });

  it('start nothing while the API server is down, and everything after', async () => {
    const world = await atWork();
    world.isApiServerDown = true;
    world.member(REPLICA).kill();
    await world.advance(10_000);
    expect(world.member(REPLICA).server).toBeNull();
    expect(world.member(PRIMARY).server?.isOpen).toBe(true);
    expect(world.agents.get(REPLICA)?.state?.problems).toMatchObject([{ reason: 'ShardMapUnreadable' }]);
    world.isApiServerDown = false;
    await untilAtWork(world);
    expect(world.isAtWork()).toBe(true);
    await world.close();
  });

  it('serve alone, with others later, and alone again', async () => {
    const world = new FakeShardWorld();
    const primary = world.member(PRIMARY);
    world.writeMap({ replicas: [], acknowledgement: 'None' });
    world.startAgent(PRIMARY);
    await world.advance(5000);
    expect(primary.server).toMatchObject({ isOpen: true, rule: 'none' });
    primary.kill();
    await world.advance(5000);
    expect(primary.server).toMatchObject({ isOpen: true, rule: 'none' });

    world.writeMap({ replicas: PODS.slice(1), acknowledgement: 'OneReplica' });
    PODS.slice(1).forEach((pod) => world.startAgent(pod));
    await untilAtWork(world);
    await world.advance(2000);
    expect(primary.server).toMatchObject({ isOpen: true, rule: 'oneReplica' });

    world.writeMap({ replicas: PODS.slice(1), ackers: [], acknowledgement: 'None' });
    await world.advance(5000);
    expect(primary.server).toMatchObject({ isOpen: true, rule: 'none' });
    await world.close();
  });

  it('start no primary by a map that has moved on unseen', async () => {
    const world = await atWork();
    world.isWatchBroken = true;
    world.writeMap({ epoch: 2, primary: null, replicas: [...PODS], ackers: [...PODS] });
    world.member(PRIMARY).kill();
    await world.advance(10_000);
    expect(world.member(PRIMARY).server).toBeNull();
    await world.close();
  });

  it('make no second database by a map that has moved on unseen', async () => {
    const world = new FakeShardWorld();
    world.isWatchBroken = true;
    PODS.forEach((pod) => world.startAgent(pod));
    await world.advance(5000);
    expect(world.map.initialised).toBe(true);
    world.member(PRIMARY).loseVolume();
    await world.advance(10_000);
    expect(world.member(PRIMARY).initialised).toBe(1);
    expect(world.violations()).toEqual([]);
    await world.close();
  });

  it('kill a server that takes writes when another is the primary', async () => {
    const world = await atWork();
    const former = world.member(PRIMARY).server;
    world.writeMap({ epoch: 2, primary: REPLICA, replicas: [PRIMARY, PODS[2]] });
    await world.advance(1000);
    expect(world.member(PRIMARY).server).not.toBe(former);
    await world.advance(3000);
    expect(world.member(PRIMARY).server?.order.role).toBe('replica');
    await world.close();
  });

  it('follow no more once the operator has stopped them, until a winner is on record', async () => {
    const world = await atWork();
    const signal = new AbortController().signal;
    world.writeMap({ epoch: 2, primary: null, replicas: [...PODS] });
    await world.advance(1000);
    await world.agents
      .get(REPLICA)
      ?.agent.commands.stopReceiving({ command: 'stopReceiving', epoch: 2 }, signal);
    await world.advance(3000);
    expect(world.member(REPLICA).server?.isReceiving).toBe(false);
    world.writeMap({ primary: PRIMARY, replicas: PODS.slice(1) });
    await world.advance(3000);
    expect(world.member(REPLICA).server?.isReceiving).toBe(true);
    await world.close();
  });

  it('refuse the orders of a promotion that is over', async () => {
    const world = await atWork();
    const { signal } = new AbortController();
    const commands = world.agents.get(REPLICA)?.agent.commands;
    await expect(
      commands?.stopReceiving({ command: 'stopReceiving', epoch: 1 }, signal),
    ).rejects.toMatchObject({
      code: 'StaleEpoch',
    });
    await expect(commands?.killServer({ command: 'killServer', epoch: 1 }, signal)).rejects.toMatchObject({
      code: 'StaleEpoch',
    });
    await world.advance(1000);
    expect(world.isAtWork()).toBe(true);
    await world.close();
  });

  it.each(['prepareBoot', 'start', 'started'])(
    'leave no server behind when told to kill it at the step %s of a start',
    async (step) => {
      const world = await atWork();
      const killed: Promise<unknown>[] = [];
      world.onStep = (pod, name) => {
        if (pod === PRIMARY && name === step && killed.length === 0) {
          const { signal } = new AbortController();
          const { commands } = world.agents.get(PRIMARY)?.agent ?? {};
          killed.push(Promise.resolve(commands?.killServer({ command: 'killServer', epoch: 2 }, signal)));
        }
      };
      world.member(PRIMARY).kill();
      await world.advance(20_000);
      expect(killed).toHaveLength(1);
      await Promise.all(killed);
      expect(world.member(PRIMARY).server).toBeNull();
      await world.close();
    },
  );

  it('promote the winner of an election, whichever of them dies at whichever step', async () => {
    const failOver = async (dieAt: number): Promise<FakeShardWorld> => {
      const world = await atWork();
      const before = world.steps.length;
      world.dieAt = dieAt === 0 ? 0 : before + dieAt;
      world.member(PRIMARY).kill();
      world.promote(REPLICA);
      await world.advance(400);
      await untilAtWork(world);
      world.steps = world.steps.slice(before);
      return world;
    };
    const rehearsal = await failOver(0);
    const { steps } = rehearsal;
    expect(rehearsal.map).toMatchObject({ primary: REPLICA, epoch: 2 });
    expect(rehearsal.member(REPLICA).database?.epoch).toBe(2);
    expect(rehearsal.member(PRIMARY).server?.order.role).toBe('replica');
    await rehearsal.close();
    expect(steps).toContain(`${REPLICA} openWrites done`);
    for (let dieAt = 1; dieAt <= steps.length; dieAt += 1) {
      const world = await failOver(dieAt);
      const step = steps[dieAt - 1];
      expect({ step, isAtWork: world.isAtWork() }).toEqual({ step, isAtWork: true });
      expect(world.map.primary).toBe(REPLICA);
      await world.close();
    }
  });

  it('start the dead primary again where nobody promotes another', async () => {
    const world = await atWork();
    world.member(PRIMARY).kill();
    await world.advance(4600);
    expect(world.member(PRIMARY).server).toBeNull();
    await untilAtWork(world);
    expect(world.member(PRIMARY).server?.isOpen).toBe(true);
    expect(world.map.epoch).toBe(1);
    await world.close();
  });

  it('kill a primary that hears neither the operator nor a replica, and no other', async () => {
    const world = await atWork();
    const former = world.member(PRIMARY).server;
    PODS.slice(1).forEach((pod) => world.member(pod).kill());
    world.isApiServerDown = true;
    await world.advance(3000);
    expect([world.member(PRIMARY).server, world.member(PRIMARY).lastExit?.pid]).toEqual([null, former?.pid]);
    expect(world.agents.get(PRIMARY)?.state?.problems).toContainEqual(
      expect.objectContaining({ reason: 'CutOff' }),
    );
    world.isApiServerDown = false;
    await untilAtWork(world);
    await world.close();
  });

  it('tell of a death before they look at anything', async () => {
    const world = await atWork();
    world.member(PRIMARY).kill();
    // Nothing has run since but what the launcher's word has set off.
    expect(world.agents.get(PRIMARY)?.state?.server.kind).toBe('ended');
    expect(world.agents.get(PRIMARY)?.state?.member).toBeNull();
    await world.close();
  });

  it('never make a second database or let an empty member serve, and come back to work, whatever happens', async () => {
    const pod = fc.constantFrom(...PODS);
    const event = fc.oneof(
      fc.record({ kind: fc.constant('restartAgent' as const), pod }),
      fc.record({ kind: fc.constant('killServer' as const), pod }),
      fc.record({ kind: fc.constant('loseVolume' as const), pod }),
      fc.record({ kind: fc.constant('apiServer' as const), isDown: fc.boolean() }),
      fc.record({ kind: fc.constant('watch' as const), isBroken: fc.boolean() }),
      fc.record({ kind: fc.constant('time' as const), milliseconds: fc.integer({ min: 200, max: 4000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 30 }), async (events) => {
        const world = await bootstrap();
        for (const happening of events) {
          switch (happening.kind) {
            case 'restartAgent':
              world.restartAgent(happening.pod);
              break;
            case 'killServer':
              world.member(happening.pod).kill();
              break;
            case 'loseVolume':
              world.member(happening.pod).loseVolume();
              break;
            case 'apiServer':
              world.isApiServerDown = happening.isDown;
              break;
            case 'watch':
              world.isWatchBroken = happening.isBroken;
              break;
            case 'time':
              await world.advance(happening.milliseconds);
          }
          await world.advance(200);
          expect(world.violations()).toEqual([]);
        }
        world.isApiServerDown = false;
        world.isWatchBroken = false;
        await untilAtWork(world);
        const isLost = world.map.initialised && world.member(PRIMARY).volume.kind !== 'ready';
        expect({ isLost, isAtWork: world.isAtWork() }).toEqual({ isLost, isAtWork: !isLost });
        await world.close();
      }),
      { numRuns: 40 },
    );
  });
});
