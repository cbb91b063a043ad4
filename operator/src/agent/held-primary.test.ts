/** A primary that was closed for a switchover, with its agent at work beside it. */
import { expect, it } from '@jest/globals';
import { PRIMARY } from './testing/observations.ts';
import { FakeShardWorld, PODS } from './testing/fake-shard.ts';

const NEVER = new AbortController().signal;

it('writes no heartbeat while it is closed, and goes on when it opens', async () => {
  const world = new FakeShardWorld();
  PODS.forEach((pod) => world.startAgent(pod));
  await world.advance(30_000);
  expect(world.isAtWork()).toBe(true);
  const heartbeats = (): number => world.steps.filter((step) => step === `${PRIMARY} writeHeartbeat`).length;
  const agent = world.agents.get(PRIMARY)?.agent;
  const { epoch } = world.map;
  const held = agent?.commands.closeWrites(
    { command: 'closeWrites', epoch, timeoutMilliseconds: 1000, holdMilliseconds: 5000 },
    NEVER,
  );
  await world.advance(100);
  await held;
  const before = heartbeats();
  expect(before).toBeGreaterThan(0);
  await world.advance(4000);
  expect(heartbeats()).toBe(before);
  await world.advance(3000);
  expect(heartbeats()).toBeGreaterThan(before);
  await world.close();
});
