import { describe, expect, it } from '@jest/globals';
import type { Position } from '../../engines/position.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { MoveSweeper } from './move-sweeper.ts';
import { FakeSlots } from './testing/fake-slots.ts';

const recorded = (...ids: readonly string[]) =>
  ids.map((moveId) => ({ moveId, database: 'app_s0007', position: '0-1-1' as Position }));

function arrange(ids: readonly string[], onMap: readonly string[]) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const slots = new FakeSlots();
  slots.recorded = recorded(...ids);
  const map = { ids: new Set(onMap), failures: 0 };
  const sweeper = new MoveSweeper({
    transfer: slots.transfer,
    readIds: async () => {
      if (map.failures > 0) {
        map.failures -= 1;
        throw new Error('connection refused');
      }
      return map.ids;
    },
    clock,
    logger: silentLogger,
  });
  return { clock, stop, slots, map, sweeper };
}

describe('MoveSweeper', () => {
  it('forgets what has left the map, and nothing else', async () => {
    const { stop, slots, sweeper } = arrange(['old', 'present'], ['present', 'new']);
    sweeper.update(false, stop.signal);
    await sweeper.whenIdle();
    expect(slots.log).toEqual(['forget old']);
  });

  it('sweeps once, and again when a move has gone', async () => {
    const { stop, slots, map, sweeper } = arrange(['a'], ['a']);
    sweeper.update(false, stop.signal);
    await sweeper.whenIdle();
    map.ids = new Set();
    sweeper.update(false, stop.signal);
    await sweeper.whenIdle();
    expect(slots.log).toEqual([]);
    sweeper.update(true, stop.signal);
    await sweeper.whenIdle();
    expect(slots.log).toEqual(['forget a']);
  });

  it('forgets nothing while the map cannot be read, and tries again', async () => {
    const { clock, stop, slots, map, sweeper } = arrange(['a'], []);
    map.failures = 2;
    sweeper.update(false, stop.signal);
    await settle();
    expect(slots.log).toEqual([]);
    await clock.advance(2000);
    expect(slots.log).toEqual(['forget a']);
  });

  it('ends with its signal', async () => {
    const { stop, map, slots, sweeper } = arrange(['a'], []);
    map.failures = Infinity;
    sweeper.update(false, stop.signal);
    await settle();
    stop.abort(new Error('done'));
    await sweeper.whenIdle();
    expect(slots.log).toEqual([]);
  });
});
