import { describe, expect, it } from '@jest/globals';
import { ApiError } from './client/api-error.ts';
import type { Controller, Reconciler } from './controller.ts';
import { createController, done, requeueAfter, TerminalError } from './controller.ts';
import { createInformer } from './cache/informer.ts';
import type { Logger } from './logger.ts';
import { silentLogger } from './logger.ts';
import type { KubernetesObject } from './objects.ts';
import { defineResource, formatKey, keyOf } from './objects.ts';
import { createPrometheusMetrics } from './metrics/prometheus.ts';
import { FakeApiServer } from './testing/fake-api-server.ts';
import { FakeClock, settle } from './testing/fake-clock.ts';

const things = defineResource<KubernetesObject>({
  group: 'example.org',
  version: 'v1',
  kind: 'Thing',
  plural: 'things',
  namespaced: true,
});
const key = { namespace: 'a', name: 'one' };

interface Setup {
  readonly clock: FakeClock;
  readonly controller: Controller;
  /** When the reconciler was called, in milliseconds. */
  readonly calls: number[];
  readonly errors: string[];
  readonly stop: AbortController;
  readonly running: Promise<void>;
  readonly page: () => Promise<string>;
}

function start(reconcile: (call: number, signal: AbortSignal) => ReturnType<Reconciler['reconcile']>): Setup {
  const clock = new FakeClock();
  const calls: number[] = [];
  const errors: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    error: (message) => void errors.push(message),
    child: () => logger,
  };
  const { metrics, page } = createPrometheusMetrics();
  const reconciler: Reconciler = {
    reconcile: async (_key, signal) => {
      calls.push(clock.monotonic());
      return reconcile(calls.length, signal);
    },
  };
  const controller = createController({ name: 'test', reconciler, clock, logger, metrics, random: () => 0 });
  const stop = new AbortController();
  const running = controller.run(stop.signal);
  return { clock, controller, calls, errors, stop, running, page: () => page.render() };
}

async function end({ stop, running }: Setup): Promise<void> {
  stop.abort(new Error('the test has ended'));
  await running;
}

describe('the controller', () => {
  it('looks again after the delay asked for, and not sooner', async () => {
    const setup = start(async (call) => (call === 1 ? requeueAfter(60_000, 'because') : done));
    setup.controller.enqueue(key);
    await setup.clock.advance(200_000);
    expect(setup.calls).toEqual([0, 60_000]);
    await end(setup);
  });

  it('retries failures with growing delays, and says so', async () => {
    const setup = start(async (call) => {
      if (call < 5) {
        throw new Error('no');
      }
      return done;
    });
    setup.controller.enqueue(key);
    await setup.clock.advance(10_000);
    expect(setup.calls).toEqual([0, 5, 15, 35, 75]);
    expect(setup.errors).toHaveLength(4);
    expect(await setup.page()).toContain('controller_runtime_reconcile_errors_total{controller="test"} 4');
    await end(setup);
  });

  it('retries a conflict without a word, and waits as long as the server asks', async () => {
    const setup = start(async (call) => {
      if (call === 1) {
        throw new ApiError('Conflict', 409, 'changed');
      }
      if (call === 2) {
        throw new ApiError('TooManyRequests', 429, 'slow', { retryAfterMilliseconds: 30_000 });
      }
      return done;
    });
    setup.controller.enqueue(key);
    await setup.clock.advance(1000);
    expect(setup.errors).toHaveLength(1);
    await setup.clock.advance(40_000);
    expect(setup.calls).toEqual([0, 5, 30_005]);
    await end(setup);
  });

  it('waits for a change after a terminal error', async () => {
    const setup = start(async (call) => {
      if (call === 1) {
        throw new TerminalError('wrong spec');
      }
      return done;
    });
    setup.controller.enqueue(key);
    await setup.clock.advance(5_000_000);
    expect(setup.calls).toEqual([0]);
    setup.controller.enqueue(key);
    await settle();
    expect(setup.calls).toHaveLength(2);
    await end(setup);
  });

  it('lets the reconcile under way finish when it stops, unless told to abort it', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const abort = new AbortController();
    const finish = Promise.withResolvers<undefined>();
    let seen: AbortSignal | undefined;
    const controller = createController({
      name: 'test',
      reconciler: {
        reconcile: async (_key, signal) => {
          seen = signal;
          await finish.promise;
          return done;
        },
      },
      clock,
      logger: silentLogger,
    });
    let hasEnded = false;
    const running = controller.run(stop.signal, abort.signal).finally(() => {
      hasEnded = true;
    });
    controller.enqueue(key);
    await settle();
    stop.abort(new Error('stopping'));
    await settle();
    expect([hasEnded, seen?.aborted]).toEqual([false, false]);
    abort.abort(new Error('now'));
    expect(seen?.aborted).toBe(true);
    finish.resolve(undefined);
    await running;
    expect(hasEnded).toBe(true);
  });

  it('waits for its caches, then sees every object once', async () => {
    const clock = new FakeClock();
    const server = new FakeApiServer(clock);
    const signal = new AbortController().signal;
    await server.create(things, { metadata: key }, signal);
    const informer = createInformer({ client: server, type: things, clock, logger: silentLogger });
    const seen: string[] = [];
    const reconciler: Reconciler = {
      reconcile: async (current) => {
        seen.push(formatKey(current));
        return done;
      },
    };
    const controller = createController({ name: 'test', reconciler, clock, logger: silentLogger });
    controller.watch(informer, (thing) => [keyOf(thing)]);
    const stop = new AbortController();
    const running = controller.run(stop.signal);
    controller.enqueue({ namespace: 'a', name: 'early' });
    await settle();
    expect(seen).toEqual([]);
    const watching = informer.run(stop.signal);
    await settle();
    expect(seen).toEqual(['a/early', 'a/one']);
    stop.abort(new Error('done'));
    await Promise.all([running, watching]);
  });
});
