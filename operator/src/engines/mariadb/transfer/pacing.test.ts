import { describe, expect, it } from '@jest/globals';
import type { Clock } from '../../../runtime/clock.ts';
import type { TransferLimits, TransferPause } from '../../slot-transfer.ts';
import { Pacing } from './pacing.ts';

const signal = new AbortController().signal;

/** A clock on which only sleeping passes time, and what changes while it does. */
function createWorld(): {
  limits: TransferLimits;
  pause: TransferPause | null;
  told: (string | null)[];
  onSleep: () => void;
  now: number;
  pacing: Pacing;
} {
  const world = {
    limits: { batchRows: 100 } as TransferLimits,
    pause: null as TransferPause | null,
    told: [] as (string | null)[],
    onSleep: () => {},
    now: 0,
  };
  const clock: Clock = {
    now: () => world.now,
    monotonic: () => world.now,
    async sleep(milliseconds) {
      world.now += milliseconds;
      world.onSleep();
    },
    setTimer: () => ({ cancel() {} }),
  };
  const throttle = { limits: () => world.limits, shouldPause: () => world.pause };
  const pacing = new Pacing(throttle, clock, (pause) => world.told.push(pause?.reason ?? null));
  return Object.assign(world, { pacing });
}

describe('Pacing', () => {
  it.each([
    ['rows', { rowsPerSecond: 1000 }],
    ['bytes', { bytesPerSecond: 50_000 }],
    ['the slower of both', { rowsPerSecond: 1000, bytesPerSecond: 1e9 }],
  ])('holds work to its rate of %s', async (_what, limits) => {
    const world = createWorld();
    world.limits = { batchRows: 500, ...limits };
    for (let piece = 0; piece < 11; piece += 1) {
      await world.pacing.pass(500, 25_000, signal);
    }
    expect(world.now).toBe(5000);
  });

  it('takes a limit that is lifted while it waits', async () => {
    const world = createWorld();
    world.limits = { batchRows: 1, rowsPerSecond: 1 };
    await world.pacing.pass(1000, 0, signal);
    world.onSleep = () => {
      world.limits = { batchRows: 1 };
    };
    await world.pacing.pass(1000, 0, signal);
    expect(world.now).toBe(250);
  });

  it('waits while it must, and tells when that begins, changes and ends', async () => {
    const world = createWorld();
    world.pause = { reason: 'ReplicaLags', message: 'a replica is behind' };
    world.onSleep = () => {
      if (world.now >= 1000) {
        world.pause = null;
      } else if (world.now >= 500) {
        world.pause = { reason: 'Paused', message: 'somebody paused it' };
      }
    };
    await world.pacing.pass(1, 1, signal);
    expect(world.now).toBe(1000);
    expect(world.told).toEqual(['ReplicaLags', 'Paused', null]);
  });
});
