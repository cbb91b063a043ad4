import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { readProcessorTime } from './processor-time.ts';
import type { Unresponsiveness } from './protocol/agent-state.ts';
import { ServerProbe } from './server-probe.ts';

/** A server that answers or does not, and uses the processor or does not. */
function aServer(hasSession = true) {
  const clock = new FakeClock();
  const server = {
    pid: 7 as number | null,
    answers: true,
    hasSession,
    used: 100 as number | null,
    told: 0,
    age: 1000,
  };
  let waiting: PromiseWithResolvers<void> | null = null;
  const probe = new ServerProbe({
    session: {
      get current() {
        return server.hasSession ? ({} as never) : null;
      },
      async probe() {
        if (!server.answers) {
          waiting = Promise.withResolvers<void>();
          await waiting.promise;
        }
      },
    },
    server: () => (server.pid === null ? null : { pid: server.pid, startedAt: clock.now() - server.age }),
    processorTime: async () => server.used,
    onChange: () => (server.told += 1),
    clock,
  });
  const stop = new AbortController();
  void probe.run(stop.signal);
  return {
    server,
    probe,
    clock,
    answer: (error?: Error): void => {
      if (error === undefined) {
        waiting?.resolve();
      } else {
        waiting?.reject(error);
      }
    },
    stop: () => stop.abort(),
  };
}

const silent = (forMilliseconds: number, usedProcessor = false): Unresponsiveness => ({
  forMilliseconds,
  usedProcessor,
});

describe('ServerProbe', () => {
  it('tells nothing of a server that answers', async () => {
    const { probe, server, clock, stop } = aServer();
    await clock.advance(10_000);
    expect([probe.unresponsive, server.told]).toEqual([null, 0]);
    stop();
  });

  it('tells for how long a server has not answered, and of its answer at once', async () => {
    const { probe, server, clock, answer, stop } = aServer();
    await clock.advance(1000);
    server.answers = false;
    // The next question is the first without an answer.
    await clock.advance(250 + 250);
    expect(probe.unresponsive).toBeNull();
    await clock.advance(250);
    expect(probe.unresponsive).toEqual(silent(500));
    await clock.advance(500);
    expect(probe.unresponsive).toEqual(silent(1000));
    server.answers = true;
    answer();
    await clock.advance(0);
    expect(probe.unresponsive).toBeNull();
    stop();
  });

  it('tells whether it has used the processor meanwhile', async () => {
    const { probe, server, clock, stop } = aServer();
    await clock.advance(1000);
    server.answers = false;
    await clock.advance(1000);
    expect(probe.unresponsive?.usedProcessor).toBe(false);
    server.used = 101;
    await clock.advance(250);
    expect(probe.unresponsive?.usedProcessor).toBe(true);
    stop();
  });

  it('takes a server for one at work where nobody can tell', async () => {
    const { probe, server, clock, stop } = aServer();
    server.used = null;
    await clock.advance(1000);
    server.answers = false;
    await clock.advance(1000);
    expect(probe.unresponsive?.usedProcessor).toBe(true);
    stop();
  });

  it('goes on counting when a question is given up, and when the connection is lost', async () => {
    const { probe, server, clock, answer, stop } = aServer();
    await clock.advance(1000);
    server.answers = false;
    await clock.advance(750);
    answer(new Error('timeout'));
    await clock.advance(500);
    expect(probe.unresponsive).toEqual(silent(1000));
    server.hasSession = false;
    await clock.advance(1000);
    expect(probe.unresponsive).toEqual(silent(2000));
    stop();
  });

  it('does not take a server for unresponsive that has yet to answer, or has ended', async () => {
    const { probe, server, clock, stop } = aServer(false);
    await clock.advance(5000);
    expect(probe.unresponsive).toBeNull();
    server.hasSession = true;
    await clock.advance(500);
    server.answers = false;
    await clock.advance(2000);
    expect(probe.unresponsive).not.toBeNull();
    server.pid = null;
    await clock.advance(250);
    expect(probe.unresponsive).toBeNull();
    server.pid = 8;
    await clock.advance(5000);
    expect(probe.unresponsive).toBeNull();
    stop();
  });

  it('expects an answer of a server that has long run, though this agent has never heard one', async () => {
    const { probe, server, clock, stop } = aServer(false);
    server.age = 60_000;
    await clock.advance(1000);
    expect(probe.unresponsive?.forMilliseconds).toBeGreaterThanOrEqual(500);
    stop();
  });
});

describe('readProcessorTime', () => {
  it('grows while a process works', async () => {
    const before = await readProcessorTime(process.pid);
    const began = process.cpuUsage();
    while (process.cpuUsage(began).user < 100_000) {
      JSON.stringify(began);
    }
    const after = await readProcessorTime(process.pid);
    expect((after ?? 0) - (before ?? 0)).toBeGreaterThanOrEqual(5);
  });

  it('is unknown for a process that is not there', async () => {
    expect(await readProcessorTime(2 ** 30)).toBeNull();
  });
});
