import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { createServerLoadMeter } from './server-load.ts';

describe('createServerLoadMeter', () => {
  it('tells which share of its processors the server has used since the last look', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const server: { pid: number | null; ticks: number | null } = { pid: 7, ticks: 1000 };
    const meter = createServerLoadMeter({
      pid: () => server.pid,
      processorTime: async () => server.ticks,
      clock,
      processors: 2,
    });
    const running = meter.run(stop.signal);
    await clock.advance(0);
    expect(meter.load()).toBeNull();
    server.ticks = 1300;
    await clock.advance(2000);
    // Three seconds of work in two, by two processors.
    expect(meter.load()).toEqual({ processorShare: 0.75, processors: 2 });
    server.pid = 8;
    server.ticks = 5;
    await clock.advance(2000);
    expect(meter.load()).toBeNull();
    await clock.advance(2000);
    expect(meter.load()?.processorShare).toBe(0);
    server.pid = null;
    await clock.advance(2000);
    expect(meter.load()).toBeNull();
    stop.abort(new Error('done'));
    await running;
  });
});
