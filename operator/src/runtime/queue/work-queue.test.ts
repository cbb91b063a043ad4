import assert from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { noMetrics } from '../metrics/metrics.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { createRateLimiter } from './rate-limiter.ts';
import type { WorkQueue } from './work-queue.ts';
import { createWorkQueue } from './work-queue.ts';

const forever = new AbortController().signal;

function newQueue(clock: FakeClock): WorkQueue {
  const rateLimiter = createRateLimiter({ clock, random: () => 0 });
  return createWorkQueue({ clock, rateLimiter, metrics: noMetrics.queue('test') });
}

describe('the work queue', () => {
  it('hands out keys in order, each once', async () => {
    const queue = newQueue(new FakeClock());
    for (const key of ['a', 'b', 'a', 'c']) {
      queue.add(key);
    }
    expect([await queue.get(forever), await queue.get(forever), await queue.get(forever)]).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(queue.depth()).toBe(0);
  });

  it('hands a key out again only after it is done, when it was asked for meanwhile', async () => {
    const queue = newQueue(new FakeClock());
    queue.add('a');
    await queue.get(forever);
    queue.add('a');
    queue.add('a');
    expect(queue.depth()).toBe(0);
    queue.done('a');
    expect(queue.depth()).toBe(1);
    expect(await queue.get(forever)).toBe('a');
    queue.done('a');
    expect(queue.depth()).toBe(0);
  });

  it('keeps the earliest of several delays', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock);
    queue.addAfter('a', 5000);
    queue.addAfter('a', 1000);
    queue.addAfter('a', 3000);
    await clock.advance(999);
    expect(queue.depth()).toBe(0);
    await clock.advance(1);
    expect(await queue.get(forever)).toBe('a');
    queue.done('a');
    await clock.advance(10_000);
    expect(queue.depth()).toBe(0);
  });

  it('lets work now stand for work that was to come later', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock);
    queue.addAfter('a', 1000);
    queue.add('a');
    expect(await queue.get(forever)).toBe('a');
    queue.done('a');
    await clock.advance(2000);
    expect(queue.depth()).toBe(0);
  });

  it('doubles the delay with each failure until the key is forgotten', async () => {
    const clock = new FakeClock();
    const limiter = createRateLimiter({ clock, random: () => 0 });
    expect([1, 2, 3, 4].map(() => limiter.next('a'))).toEqual([5, 10, 20, 40]);
    expect(limiter.next('b')).toBe(5);
    limiter.forget('a');
    expect(limiter.next('a')).toBe(5);
    for (let count = 0; count < 30; count += 1) {
      limiter.next('c');
    }
    expect(limiter.next('c')).toBe(1_000_000);
  });

  it('spreads the retries of many keys once the burst is used up', () => {
    const limiter = createRateLimiter({ clock: new FakeClock(), random: () => 0, burst: 2, perSecond: 10 });
    expect(['a', 'b', 'c', 'd'].map((key) => limiter.next(key))).toEqual([5, 5, 100, 200]);
  });

  it('loses no key to a worker that leaves', async () => {
    const queue = newQueue(new FakeClock());
    const leaving = new AbortController();
    const reason = new Error('leaving');
    const gone = queue.get(leaving.signal).catch((error: unknown) => error);
    const staying = queue.get(forever);
    leaving.abort(reason);
    queue.add('a');
    expect(await staying).toBe('a');
    expect(await gone).toBe(reason);
  });

  it('hands out what is waiting after it was shut down, and takes nothing in', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock);
    queue.add('a');
    queue.addAfter('b', 10);
    queue.shutDown();
    queue.add('c');
    await clock.advance(100);
    expect(await queue.get(forever)).toBe('a');
    expect(await queue.get(forever)).toBeUndefined();
  });

  it('refuses done for a key that is not in work', () => {
    expect(() => newQueue(new FakeClock()).done('a')).toThrow(TypeError);
  });
});

/** What must hold of the queue, kept beside it. */
interface Model {
  /** Keys asked for since they were last handed out, with the time by which they must be handed out. */
  readonly wanted: Map<string, number>;
  readonly working: Set<string>;
}

interface Real {
  readonly queue: WorkQueue;
  readonly clock: FakeClock;
  /** Keys handed out and not yet seen by the model. */
  readonly handed: string[];
  readonly stop: AbortController;
}

class Request implements fc.AsyncCommand<Model, Real> {
  readonly key: string;
  readonly delay: number;
  constructor(key: string, delay: number) {
    this.key = key;
    this.delay = delay;
  }
  check(): boolean {
    return true;
  }
  async run(model: Model, { queue, clock }: Real): Promise<void> {
    const due = clock.monotonic() + this.delay;
    model.wanted.set(this.key, Math.min(due, model.wanted.get(this.key) ?? Infinity));
    queue.addAfter(this.key, this.delay);
  }
  toString(): string {
    return `request(${this.key}, ${this.delay})`;
  }
}

class Take implements fc.AsyncCommand<Model, Real> {
  check(): boolean {
    return true;
  }
  async run(model: Model, { queue, clock, handed, stop }: Real): Promise<void> {
    if (queue.depth() === 0) {
      const due = [...model.wanted].filter(([key, at]) => at <= clock.monotonic() && !model.working.has(key));
      assert.deepEqual(due, [], 'a key is overdue');
      return;
    }
    const key = await queue.get(stop.signal);
    handed.push(key ?? '');
    assert.ok(!model.working.has(key ?? ''), 'a key is in work twice');
    assert.ok((model.wanted.get(key ?? '') ?? Infinity) <= clock.monotonic(), 'a key comes early or unasked');
    model.wanted.delete(key ?? '');
    model.working.add(key ?? '');
  }
  toString(): string {
    return 'take';
  }
}

class Finish implements fc.AsyncCommand<Model, Real> {
  check(model: Readonly<Model>): boolean {
    return model.working.size > 0;
  }
  async run(model: Model, { queue }: Real): Promise<void> {
    const [key = ''] = model.working;
    model.working.delete(key);
    queue.done(key);
  }
  toString(): string {
    return 'finish';
  }
}

class Wait implements fc.AsyncCommand<Model, Real> {
  readonly milliseconds: number;
  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }
  check(): boolean {
    return true;
  }
  async run(_model: Model, { clock }: Real): Promise<void> {
    await clock.advance(this.milliseconds);
  }
  toString(): string {
    return `wait(${this.milliseconds})`;
  }
}

const keys = fc.constantFrom('a', 'b', 'c');
const commands = fc.commands(
  [
    fc.tuple(keys, fc.constantFrom(0, 0, 5, 10, 50)).map(([key, delay]) => new Request(key, delay)),
    fc.constant(new Take()),
    fc.constant(new Finish()),
    fc.constantFrom(1, 5, 20).map((milliseconds) => new Wait(milliseconds)),
  ],
  { maxCommands: 60 },
);

describe('whatever is asked of the queue', () => {
  it('no key is in work twice, none is lost, none comes early, none is overdue', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (sequence) => {
        const clock = new FakeClock();
        const real: Real = { queue: newQueue(clock), clock, handed: [], stop: new AbortController() };
        const model: Model = { wanted: new Map(), working: new Set() };
        await fc.asyncModelRun(() => ({ model, real }), sequence);
        await clock.advance(100);
        for (const key of model.working) {
          real.queue.done(key);
        }
        const left: string[] = [];
        while (real.queue.depth() > 0) {
          left.push((await real.queue.get(forever)) ?? '');
        }
        expect(left.toSorted()).toEqual([...model.wanted.keys()].toSorted());
      }),
      { numRuns: 300 },
    );
  });

  it('workers that take and finish in any order never share a key, and the last request is always served', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(keys, { maxLength: 30 }), async (scheduler, requests) => {
        const queue = newQueue(new FakeClock());
        const working = new Set<string>();
        const requested = new Map<string, number>();
        const served = new Map<string, number>();
        const worker = async (): Promise<void> => {
          for (let key = await queue.get(forever); key !== undefined; key = await queue.get(forever)) {
            expect(working.has(key)).toBe(false);
            working.add(key);
            served.set(key, requested.get(key) ?? 0);
            await scheduler.schedule(Promise.resolve(), `work on ${key}`);
            working.delete(key);
            queue.done(key);
          }
        };
        const workers = [worker(), worker()];
        const request = async (key: string, index: number): Promise<void> => {
          await scheduler.schedule(Promise.resolve(), `request ${key}`);
          requested.set(key, index + 1);
          queue.add(key);
        };
        const requesting = requests.map(request);
        await scheduler.waitIdle();
        await Promise.all(requesting);
        expect(served).toEqual(requested);
        queue.shutDown();
        await Promise.all(workers);
      }),
      { numRuns: 100 },
    );
  });
});
