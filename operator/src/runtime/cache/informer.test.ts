import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { ApiError } from '../client/api-error.ts';
import { silentLogger } from '../logger.ts';
import type { ReflectorMetrics } from '../metrics/metrics.ts';
import { noMetrics } from '../metrics/metrics.ts';
import type { KubernetesObject } from '../objects.ts';
import { defineResource, formatKey, keyOf } from '../objects.ts';
import { FakeApiServer } from '../testing/fake-api-server.ts';
import { FakeClock, settle } from '../testing/fake-clock.ts';
import type { Change } from './change.ts';
import type { Informer, InformerOptions } from './informer.ts';
import { createInformer } from './informer.ts';
import { fieldsOwnedBy } from './owned-fields.ts';

interface Thing extends KubernetesObject {
  readonly color?: string;
}

const things = defineResource<Thing>({
  group: 'example.org',
  version: 'v1',
  kind: 'Thing',
  plural: 'things',
  namespaced: true,
});
const signal = new AbortController().signal;

/** A cache that is built from the changes told alone, as a handler would. */
class Follower {
  readonly objects = new Map<string, Thing>();
  readonly told: string[] = [];
  readonly faults: string[] = [];

  readonly handle = (change: Change<Thing>): void => {
    const key = formatKey(keyOf(change.object));
    const known = this.objects.get(key);
    this.told.push(`${change.type} ${key}`);
    if ((known === undefined) !== (change.type === 'added')) {
      this.faults.push(`${change.type} ${key}, which is ${known === undefined ? 'unknown' : 'known'}`);
    }
    if (change.type === 'updated' && change.previous !== known) {
      this.faults.push(`updated ${key} from another state than the last`);
    }
    if (change.type === 'deleted') {
      this.objects.delete(key);
    } else {
      this.objects.set(key, change.object);
    }
  };
}

interface Setup {
  readonly clock: FakeClock;
  readonly server: FakeApiServer;
  readonly informer: Informer<Thing>;
  readonly follower: Follower;
  readonly stop: AbortController;
  readonly running: Promise<void>;
}

async function start(options: Partial<InformerOptions<Thing>> = {}): Promise<Setup> {
  const clock = new FakeClock();
  const server = new FakeApiServer(clock);
  const setup = { clock, server, stop: new AbortController(), follower: new Follower() };
  const informer = createInformer({
    client: server,
    type: things,
    clock,
    logger: silentLogger,
    random: () => 0.5,
    pageSize: 2,
    freeze: true,
    indexers: { color: (thing) => (thing.color === undefined ? [] : [thing.color]) },
    ...options,
  });
  informer.onChange(setup.follower.handle);
  const running = informer.run(setup.stop.signal);
  await settle();
  return { ...setup, informer, running };
}

async function end({ stop, running, server }: Setup): Promise<void> {
  stop.abort(new Error('the test has ended'));
  await running;
  await settle();
  expect(server.openWatches).toBe(0);
}

const put = (server: FakeApiServer, name: string, color: string): Promise<Thing> =>
  server.apply(
    things,
    { metadata: { namespace: 'a', name }, color },
    { fieldManager: 'test', force: true },
    signal,
  );

describe('the informer', () => {
  it('lists page by page, then follows; indexes follow, too', async () => {
    const clock = new FakeClock();
    const server = new FakeApiServer(clock);
    for (const name of ['one', 'two', 'three', 'four', 'five']) {
      await put(server, name, 'red');
    }
    const setup = await start({ client: server });
    expect(setup.informer.hasSynced()).toBe(true);
    expect(server.requests.filter(({ verb }) => verb === 'list')).toHaveLength(3);
    await put(server, 'one', 'blue');
    await server.delete(things, { namespace: 'a', name: 'two' }, {}, signal);
    await settle();
    expect(setup.informer.byIndex('color', 'blue').map((thing) => thing.metadata?.name)).toEqual(['one']);
    expect(setup.informer.byIndex('color', 'red')).toHaveLength(3);
    expect(setup.informer.list('a')).toHaveLength(4);
    expect(setup.informer.list('b')).toHaveLength(0);
    expect(() => setup.informer.byIndex('size', '1')).toThrow(TypeError);
    setup.stop.abort(new Error('done'));
    await setup.running;
  });

  it('drops managedFields but remembers what its own manager applied', async () => {
    const setup = await start({ fieldManager: 'test' });
    await put(setup.server, 'one', 'red');
    await settle();
    const [thing] = setup.informer.list();
    expect(thing?.metadata?.managedFields).toBeUndefined();
    expect(fieldsOwnedBy(thing ?? {}, 'test')?.fields).toEqual({ 'f:color': {} });
    expect(fieldsOwnedBy({ ...thing }, 'test')).toBeUndefined();
    expect(() => Object.assign(thing?.metadata ?? {}, { name: 'changed' })).toThrow(TypeError);
    await end(setup);
  });

  it('resumes from a bookmark', async () => {
    const setup = await start();
    await put(setup.server, 'one', 'red');
    await setup.server.create(
      defineResource<Thing>({ ...things, plural: 'others' }),
      { metadata: { namespace: 'a', name: 'x' } },
      signal,
    );
    setup.server.sendBookmarks();
    await settle();
    setup.server.compact();
    setup.server.endWatches(new ApiError('Unavailable', 0, 'cut'));
    await setup.clock.advance(1000);
    expect(setup.server.requests.filter(({ verb }) => verb === 'list')).toHaveLength(1);
    expect(setup.server.openWatches).toBe(1);
    await end(setup);
  });

  it('lists anew after Gone, tells what was missed and nothing else', async () => {
    const setup = await start();
    await put(setup.server, 'stays', 'red');
    await put(setup.server, 'goes', 'red');
    await put(setup.server, 'turns', 'red');
    await settle();
    setup.server.endWatches(new ApiError('Unavailable', 0, 'cut'));
    await settle();
    await setup.server.delete(things, { namespace: 'a', name: 'goes' }, {}, signal);
    await put(setup.server, 'turns', 'blue');
    await put(setup.server, 'comes', 'red');
    setup.server.compact();
    setup.follower.told.length = 0;
    await setup.clock.advance(2000);
    expect(setup.follower.told.toSorted()).toEqual(['added a/comes', 'deleted a/goes', 'updated a/turns']);
    await end(setup);
  });

  it('counts what it cannot understand and lists anew', async () => {
    const malformed = jest.fn();
    const reflector: ReflectorMetrics = { ...noMetrics.reflector(''), malformed };
    const setup = await start({ metrics: { ...noMetrics, reflector: () => reflector } });
    setup.server.endWatches(new ApiError('Malformed', 200, 'not JSON'));
    await setup.clock.advance(1000);
    expect(malformed).toHaveBeenCalledTimes(1);
    expect(setup.server.requests.filter(({ verb }) => verb === 'list')).toHaveLength(2);
    await end(setup);
  });

  it('asks less and less often while the server is away', async () => {
    const setup = await start();
    setup.server.endWatches(new ApiError('Unavailable', 0, 'cut'));
    setup.server.beforeRequest = () => {
      throw new ApiError('Unavailable', 0, 'refused');
    };
    await setup.clock.advance(5 * 60_000);
    expect(setup.server.requests.length).toBeLessThan(75);
    setup.server.beforeRequest = undefined;
    await setup.clock.advance(7500);
    expect(setup.server.openWatches).toBe(1);
    await end(setup);
  });

  it('waits as long as the server asks', async () => {
    const setup = await start();
    const details = { retryAfterMilliseconds: 20_000 };
    setup.server.endWatches(new ApiError('TooManyRequests', 429, 'slow down', details));
    await setup.clock.advance(19_999);
    expect(setup.server.openWatches).toBe(0);
    await setup.clock.advance(1);
    expect(setup.server.openWatches).toBe(1);
    await end(setup);
  });

  it('does not let a handler that throws disturb the others', async () => {
    const setup = await start();
    setup.informer.onChange(() => {
      throw new Error('a bug');
    });
    const other = new Follower();
    setup.informer.onChange(other.handle);
    await put(setup.server, 'one', 'red');
    await settle();
    expect(other.told).toEqual(['added a/one']);
    await end(setup);
  });

  it('tells a late handler what is cached, and one that left nothing', async () => {
    const setup = await start();
    await put(setup.server, 'one', 'red');
    await settle();
    const late = new Follower();
    const leave = setup.informer.onChange(late.handle);
    leave();
    await put(setup.server, 'two', 'red');
    await settle();
    expect(late.told).toEqual(['added a/one']);
    await end(setup);
  });

  it('watches each namespace by itself', async () => {
    const setup = await start({ namespaces: ['a', 'b'] });
    await put(setup.server, 'one', 'red');
    await setup.server.create(things, { metadata: { namespace: 'c', name: 'two' } }, signal);
    await settle();
    expect(setup.server.openWatches).toBe(2);
    expect(setup.follower.told).toEqual(['added a/one']);
    await end(setup);
  });
});

type Step =
  | { readonly kind: 'put'; readonly name: string; readonly color: string }
  | { readonly kind: 'delete'; readonly name: string }
  | { readonly kind: 'cut' | 'end' | 'compact' | 'bookmark' | 'wait' | 'malformed' };

const names = fc.constantFrom('one', 'two', 'three', 'four', 'five');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('put'), name: names, color: fc.constantFrom('red', 'blue') }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete'), name: names }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('cut', 'end', 'compact', 'bookmark', 'wait', 'malformed'),
    }),
  },
) as fc.Arbitrary<Step>;

async function perform({ server, clock }: Setup, current: Step): Promise<void> {
  switch (current.kind) {
    case 'put':
      await put(server, current.name, current.color);
      return;
    case 'delete':
      await server.delete(things, { namespace: 'a', name: current.name }, {}, signal);
      return;
    case 'cut':
      server.endWatches(new ApiError('Unavailable', 0, 'cut'));
      return;
    case 'malformed':
      server.endWatches(new ApiError('Malformed', 200, 'garbage'));
      return;
    case 'end':
      server.endWatches();
      return;
    case 'compact':
      server.compact();
      return;
    case 'bookmark':
      server.sendBookmarks();
      return;
    case 'wait':
      await clock.advance(300);
      return;
    default:
      throw new TypeError('unknown step');
  }
}

describe('whatever happens to the watch', () => {
  it('the cache ends up as the server is, and what was told adds up to it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 40 }), async (steps) => {
        const setup = await start();
        for (const [current, pause] of steps) {
          await perform(setup, current);
          if (pause) {
            await settle();
          }
        }
        await setup.clock.advance(120_000);
        const { items } = await setup.server.list(things, {}, signal);
        const versions = (objects: Iterable<Thing>): string[] =>
          [...objects]
            .map(({ metadata }) => `${metadata?.name} ${metadata?.uid} ${metadata?.resourceVersion}`)
            .toSorted();
        expect(versions(setup.informer.list())).toEqual(versions(items));
        expect(versions(setup.follower.objects.values())).toEqual(versions(items));
        expect(setup.follower.faults).toEqual([]);
        await end(setup);
      }),
      { numRuns: 150 },
    );
  });
});
