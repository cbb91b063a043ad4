import { describe, expect, it } from '@jest/globals';
import type { DatabaseSize } from '../../engines/slot-measure.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { aMember } from '../testing/observations.ts';
import type { WantedDatabases } from '../wanted-databases.ts';
import { SizesWatch } from './sizes-watch.ts';
import { FakeSlots } from './testing/fake-slots.ts';
import { anOpenPrimary } from './testing/moves-stage.ts';

const order = (digest: string, ...databases: readonly string[]): WantedDatabases => ({
  revision: 1,
  wanted: [{ keyspace: 'app', databases }],
  untouched: [],
  digest,
});
const size = (database: string, bytes: number): DatabaseSize => ({ database, rows: bytes / 10, bytes });

function arrange(handled: readonly number[] | null = null) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const slots = new FakeSlots();
  const asked: (readonly string[])[] = [];
  slots.measure = async (databases) => {
    asked.push(databases);
    return databases.map((database, index) => ({
      ...size(database, 100 * (index + 1)),
      rowsHandled: state.handled?.[index] ?? null,
    }));
  };
  const state = {
    server: anOpenPrimary(),
    made: 'a',
    wanted: order('a', 'app_s0000', 'app_s0001'),
    handled,
  };
  let changes = 0;
  const watch = new SizesWatch({
    session: {
      get current() {
        return { session: { slots }, databasesDigest: state.made };
      },
      state: () => state.server,
    },
    databases: () => state.wanted,
    onChange: () => {
      changes += 1;
    },
    clock,
    logger: silentLogger,
  });
  const running = watch.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort(new Error('done'));
    await running;
  };
  return { clock, slots, asked, state, watch, changes: () => changes, end };
}

describe('SizesWatch', () => {
  it('measures once a minute, and tells the largest first', async () => {
    const { clock, asked, watch, changes, end } = arrange();
    await clock.advance(0);
    expect(watch.sizes).toEqual([size('app_s0001', 200), size('app_s0000', 100)]);
    await clock.advance(59_000);
    expect(asked).toHaveLength(1);
    await clock.advance(2000);
    expect(asked).toHaveLength(2);
    expect(changes()).toBe(1);
    await end();
  });

  it('measures at once when there are other databases, and not before these are made', async () => {
    const { clock, asked, state, end } = arrange();
    await clock.advance(0);
    state.wanted = order('b', 'app_s0000');
    await clock.advance(5000);
    expect(asked).toHaveLength(1);
    state.made = 'b';
    await clock.advance(1000);
    expect(asked.at(-1)).toEqual(['app_s0000']);
    await end();
  });

  it('tells how many rows statements handled in a second, from the second measurement on', async () => {
    const { clock, state, watch, end } = arrange([100, 5000]);
    const rates = () => watch.sizes?.map(({ rowsPerSecond }) => rowsPerSecond);
    await clock.advance(0);
    expect(rates()).toEqual([undefined, undefined]);
    state.handled = [700, 65_000];
    await clock.advance(61_000);
    expect(rates()).toEqual([1000, 10]);
    // The count was begun anew, and then the server counts no more.
    state.handled = [760, 10];
    await clock.advance(61_000);
    expect(rates()).toEqual([undefined, 1]);
    state.handled = null;
    await clock.advance(61_000);
    expect(rates()).toEqual([undefined, undefined]);
    await end();
  });

  it('keeps a rate when databases are measured again too soon for another', async () => {
    const { clock, state, watch, end } = arrange([0, 0]);
    await clock.advance(0);
    state.handled = [600, 1200];
    await clock.advance(61_000);
    state.handled = [100_000, 200_000];
    state.made = 'b';
    state.wanted = order('b', 'app_s0000', 'app_s0001');
    await clock.advance(2000);
    expect(watch.sizes?.map(({ rowsPerSecond }) => rowsPerSecond)).toEqual([20, 10]);
    await end();
  });

  it('knows nothing beside a replica', async () => {
    const { clock, state, watch, end } = arrange();
    await clock.advance(0);
    state.server = aMember();
    await clock.advance(1000);
    expect(watch.sizes).toBeNull();
    await end();
  });

  it('keeps what it knows when measuring fails', async () => {
    const { clock, slots, watch, end } = arrange();
    await clock.advance(0);
    slots.measure = () => Promise.reject(new Error('the server is busy'));
    await clock.advance(61_000);
    expect(watch.sizes).toHaveLength(2);
    await end();
  });
});
