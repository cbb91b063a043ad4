/** The cache against a real API server, over connections that break, hang and come back. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Change, Informer, ReflectorMetrics } from '../../operator/src/runtime/index.ts';
import {
  createInformer,
  keyOf,
  noMetrics,
  silentLogger,
  systemClock,
} from '../../operator/src/runtime/index.ts';
import type { ControlPlane } from '../cluster/control-plane/index.ts';
import { startControlPlane } from '../cluster/control-plane/index.ts';
import type { Entry, TestClient } from '../runtime/test-client.ts';
import { connectTo, entries, until } from '../runtime/test-client.ts';
import type { UnreliableProxy } from '../runtime/unreliable-proxy.ts';
import { startUnreliableProxy } from '../runtime/unreliable-proxy.ts';

const signal = new AbortController().signal;

/** What an informer did. */
interface Watching {
  readonly informer: Informer<Entry>;
  /** `added name`, `updated name`, `deleted name`, in order. */
  readonly changes: string[];
  lists: number;
  readonly ends: string[];
}

describe('a cache', () => {
  let controlPlane: ControlPlane;
  let proxy: UnreliableProxy;
  let direct: TestClient;
  let proxied: TestClient;
  let stop = new AbortController();
  let running: Promise<void> = Promise.resolve();

  beforeAll(async () => {
    controlPlane = await startControlPlane();
    proxy = await startUnreliableProxy(Number(new URL(controlPlane.url).port));
    direct = await connectTo(controlPlane);
    proxied = await connectTo(controlPlane, proxy.port);
  });

  afterEach(async () => {
    stop.abort(new Error('the test has ended'));
    await running;
  });

  afterAll(async () => {
    await proxied?.close();
    await direct?.close();
    await proxy?.close();
    await controlPlane?.stop();
  });

  async function watch(
    label: string,
    options: { pageSize?: number; silenceMilliseconds?: number } = {},
  ): Promise<Watching> {
    stop = new AbortController();
    const reflector: ReflectorMetrics = {
      ...noMetrics.reflector(''),
      listed: () => {
        watching.lists += 1;
      },
      watchEnded: (reason) => void watching.ends.push(reason),
    };
    const informer = createInformer({
      client: proxied.client,
      type: entries,
      clock: systemClock,
      logger: silentLogger,
      metrics: { ...noMetrics, reflector: () => reflector },
      namespaces: ['default'],
      labelSelector: `test=${label}`,
      freeze: true,
      ...options,
    });
    const watching: Watching = { informer, changes: [], lists: 0, ends: [] };
    informer.onChange((change: Change<Entry>) => {
      watching.changes.push(`${change.type} ${keyOf(change.object).name}`);
    });
    running = informer.run(stop.signal);
    await informer.whenSynced(signal);
    return watching;
  }

  const create = (label: string, name: string): Promise<Entry> =>
    direct.client.create(
      entries,
      { metadata: { namespace: 'default', name, labels: { test: label } } },
      signal,
    );
  const remove = (name: string): Promise<boolean> =>
    direct.client.delete(entries, { namespace: 'default', name }, {}, signal);

  it('reads a list larger than a page', async () => {
    const names = Array.from({ length: 125 }, (_, index) => `page-${index}`);
    await Promise.all(names.map((name) => create('pages', name)));
    const before = proxied.requests.get('GET') ?? 0;
    const watching = await watch('pages', { pageSize: 50 });
    expect(watching.informer.list()).toHaveLength(125);
    expect(watching.changes.toSorted()).toEqual(names.map((name) => `added ${name}`).toSorted());
    await create('pages', 'page-late');
    await seen(watching, 'added page-late');
    const pagesAndWatch = 4;
    expect((proxied.requests.get('GET') ?? 0) - before).toBe(pagesAndWatch);
    expect(
      watching.informer.get({ namespace: 'default', name: 'page-0' })?.metadata?.managedFields,
    ).toBeUndefined();
  });

  it('resumes a watch that was cut, without listing again', async () => {
    await create('cut', 'cut-before');
    const watching = await watch('cut');
    await create('cut', 'cut-first');
    await seen(watching, 'added cut-first');
    proxy.cut();
    await create('cut', 'cut-after');
    await seen(watching, 'added cut-after');
    await remove('cut-before');
    await seen(watching, 'deleted cut-before');
    expect(watching.lists).toBe(1);
    // Once, or again where another connection of the client is not known to be cut yet.
    expect(new Set(watching.ends)).toEqual(new Set(['Unavailable']));
    expect(watching.changes).toEqual([
      'added cut-before',
      'added cut-first',
      'added cut-after',
      'deleted cut-before',
    ]);
  });

  it('gives up a connection that hangs, and misses nothing', async () => {
    const watching = await watch('hang', { silenceMilliseconds: 5000 });
    await create('hang', 'hang-one');
    await seen(watching, 'added hang-one');
    proxy.freeze();
    await create('hang', 'hang-two');
    await seen(watching, 'added hang-two');
    expect(watching.lists).toBe(1);
    expect(watching.ends).toContain('Timeout');
  });

  it('finds what was deleted while its past was compacted, and repeats nothing', async () => {
    await create('gone', 'gone-stays');
    await create('gone', 'gone-deleted');
    await create('gone', 'gone-recreated');
    const watching = await watch('gone');
    proxy.refuse(true);
    await remove('gone-deleted');
    await remove('gone-recreated');
    await create('gone', 'gone-recreated');
    await create('gone', 'gone-new');
    await controlPlane.compact();
    // The API server remembers recent events itself; without them it has to say Gone.
    await controlPlane.restartApiServer('SIGKILL');
    watching.changes.length = 0;
    proxy.refuse(false);
    await seen(watching, 'added gone-new');
    expect(watching.lists).toBe(2);
    expect(watching.ends).toContain('Gone');
    expect(watching.changes.toSorted()).toEqual([
      'added gone-new',
      'added gone-recreated',
      'deleted gone-deleted',
      'deleted gone-recreated',
    ]);
    expect(namesOf(watching.informer.list())).toEqual(['gone-new', 'gone-recreated', 'gone-stays']);
  });

  it('outlives a restart of the API server', async () => {
    await create('restart', 'restart-before');
    const watching = await watch('restart');
    await controlPlane.restartApiServer('SIGKILL');
    await create('restart', 'restart-after');
    await seen(watching, 'added restart-after');
    expect(watching.changes).toEqual(['added restart-before', 'added restart-after']);
  });
});

function seen(watching: Watching, change: string): Promise<void> {
  return until(`${change} is seen`, () => watching.changes.includes(change));
}

function namesOf(objects: readonly Entry[]): readonly string[] {
  return objects.map((object) => keyOf(object).name).toSorted();
}
