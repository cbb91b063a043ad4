import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { V1Pod } from '@kubernetes/client-node';
import { ApiError } from '../../../runtime/client/api-error.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { pods } from '../../../runtime/resources.ts';
import { FakeApiServer } from '../../../runtime/testing/fake-api-server.ts';
import { FakeClock, settle } from '../../../runtime/testing/fake-clock.ts';
import { createCaches } from '../caches.ts';
import { shardedClusters } from '../resource-types.ts';
import { routerLabels } from '../resources/labels.ts';
import { aCluster } from '../testing/builders.ts';
import type { Answer } from './knock.ts';
import { RouterWatch } from './router-watch.ts';

const NEVER = new AbortController().signal;
const [FIRST, SECOND] = ['demo-router-a', 'demo-router-b'] as const;
const ADDRESSES = { [FIRST]: '10.0.1.1', [SECOND]: '10.0.2.1' };

describe('a watch over routers', () => {
  let clock: FakeClock;
  let server: FakeApiServer;
  let answers: Map<string, Answer>;
  let events: string[];
  let leading: boolean;
  let stop: AbortController;
  let running: Promise<unknown>;

  beforeEach(async () => {
    clock = new FakeClock();
    server = new FakeApiServer(clock);
    answers = new Map();
    events = [];
    leading = true;
    stop = new AbortController();
    await server.create(shardedClusters, aCluster(), NEVER);
    for (const [name, podIP] of Object.entries(ADDRESSES)) {
      const metadata = { namespace: 'test', name, labels: routerLabels('demo') };
      const conditions = [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: 'True' },
      ];
      await server.create<V1Pod>(
        pods,
        { metadata, spec: { nodeName: `node-of-${name}`, containers: [] }, status: { podIP, conditions } },
        NEVER,
      );
    }
    const options = { client: server, clock, logger: silentLogger, random: () => 0.5 };
    const caches = createCaches({ ...options, freeze: true });
    const watch = new RouterWatch({
      ...options,
      caches,
      recorder: { event: (_, { reason, note }) => void events.push(`${reason}: ${note}`) },
      isLeading: () => leading,
      knock: (host, _, signal) => {
        const answer = answers.get(host) ?? 'accepted';
        return answer === 'silent'
          ? new Promise((resolve) => signal.addEventListener('abort', () => resolve('silent')))
          : Promise.resolve(answer);
      },
    });
    const informers = [caches.clusters, caches.pods];
    const caching = informers.map((informer) => informer.run(stop.signal));
    await Promise.all(informers.map((informer) => informer.whenSynced(NEVER)));
    running = Promise.all([...caching, watch.run(stop.signal)]);
    await clock.advance(2000);
  });
  afterEach(async () => {
    stop.abort();
    await running;
  });

  async function readiness(name: string): Promise<string> {
    const pod = await server.get(pods, { namespace: 'test', name }, NEVER);
    const found = pod?.status?.conditions?.find(({ type }) => type === 'Ready');
    return found?.reason === undefined ? `${found?.status}` : `${found.status}/${found.reason}`;
  }

  function loses(name: keyof typeof ADDRESSES, answer: Answer = 'silent'): void {
    answers.set(ADDRESSES[name], answer);
  }

  /** What a kubelet writes that finds its pod well. */
  async function kubeletCallsReady(name: string): Promise<void> {
    const conditions = [{ type: 'Ready', status: 'True' }];
    const options = { subresource: 'status' } as const;
    await server.mergePatch(pods, { namespace: 'test', name }, { status: { conditions } }, options, NEVER);
    await settle();
  }

  /** Marks tried while the time passes. */
  async function marksDuring(milliseconds: number): Promise<number> {
    const before = server.requests.length;
    await clock.advance(milliseconds);
    return server.requests.slice(before).filter(({ verb }) => verb === 'mergePatch').length;
  }

  it('asks the API for nothing while routers answer', async () => {
    const before = server.requests.length;
    await clock.advance(30_000);
    expect(server.requests.slice(before).filter(({ verb }) => verb !== 'watch')).toEqual([]);
  });

  it('marks a router that is lost within five seconds, and tells it once', async () => {
    loses(FIRST);
    await clock.advance(3900);
    expect(await readiness(FIRST)).toBe('True');
    await clock.advance(1100);
    expect(await readiness(FIRST)).toBe('False/RouterUnreachable');
    expect(await readiness(SECOND)).toBe('True');
    expect(await marksDuring(60_000)).toBe(0);
    expect(events).toEqual([
      `RouterUnreachable: Router ${FIRST} on node-of-${FIRST} does not answer: new connections are led to the others.`,
    ]);
  });

  it('leaves the other conditions of the pod as they are', async () => {
    loses(FIRST);
    await clock.advance(6000);
    const pod = await server.get(pods, { namespace: 'test', name: FIRST }, NEVER);
    expect(pod?.status).toMatchObject({
      podIP: ADDRESSES[FIRST],
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: 'False' },
      ],
    });
  });

  it('does nothing while no other router answers', async () => {
    loses(FIRST);
    loses(SECOND);
    await clock.advance(60_000);
    expect([await readiness(FIRST), await readiness(SECOND)]).toEqual(['True', 'True']);
  });

  it('asks for nothing of a router that is alone in its silence, and has no other', async () => {
    await server.delete(pods, { namespace: 'test', name: SECOND }, {}, NEVER);
    loses(FIRST);
    const before = server.requests.length;
    await clock.advance(60_000);
    expect(server.requests.slice(before).filter(({ verb }) => verb !== 'watch')).toEqual([]);
  });

  it('writes nothing while the API server is silent too, nor when both are back', async () => {
    const { promise: mended, resolve: mend } = Promise.withResolvers<void>();
    server.beforeRequest = ({ verb }) => (verb === 'get' ? mended : undefined);
    loses(FIRST);
    expect(await marksDuring(20_000)).toBe(0);
    answers.clear();
    mend();
    expect(await marksDuring(20_000)).toBe(0);
  });

  it('does not mark a router that answers once the API server is heard again', async () => {
    server.beforeRequest = async ({ verb }) => {
      if (verb === 'get') {
        await clock.sleep(1000, NEVER);
        answers.clear();
      }
    };
    loses(FIRST);
    expect(await marksDuring(20_000)).toBe(0);
  });

  it('leaves a router that refuses to its kubelet', async () => {
    loses(FIRST, 'refused');
    expect(await marksDuring(60_000)).toBe(0);
  });

  it('forgives a silence of a moment', async () => {
    loses(FIRST);
    await clock.advance(3000);
    answers.clear();
    await clock.advance(1000);
    loses(FIRST);
    expect(await marksDuring(3000)).toBe(0);
  });

  it('marks it again, ever more seldom, while the kubelet contradicts', async () => {
    loses(FIRST);
    await clock.advance(6000);
    await kubeletCallsReady(FIRST);
    expect(await marksDuring(7000)).toBe(0);
    expect(await marksDuring(3000)).toBe(1);
    await kubeletCallsReady(FIRST);
    expect(await marksDuring(15_000)).toBe(0);
    expect(await marksDuring(3000)).toBe(1);
    expect(events).toHaveLength(1);
  });

  it('begins anew with a router that came back', async () => {
    loses(FIRST);
    await clock.advance(6000);
    answers.clear();
    await kubeletCallsReady(FIRST);
    await clock.advance(3000);
    expect(await readiness(FIRST)).toBe('True');
    loses(FIRST);
    await clock.advance(6000);
    expect(await readiness(FIRST)).toBe('False/RouterUnreachable');
    expect(events).toHaveLength(2);
  });

  it('does not write over what somebody has written meanwhile', async () => {
    server.beforeRequest = ({ verb }) => {
      if (verb === 'mergePatch') {
        throw new ApiError('Conflict', 409, 'the pod has changed');
      }
    };
    loses(FIRST);
    expect(await marksDuring(6000)).toBe(1);
    expect(events).toEqual([]);
    server.beforeRequest = undefined;
    await clock.advance(4000);
    expect(await readiness(FIRST)).toBe('False/RouterUnreachable');
  });

  it('acts where it leads only, and at once when it begins to lead', async () => {
    leading = false;
    loses(FIRST);
    expect(await marksDuring(60_000)).toBe(0);
    leading = true;
    expect(await marksDuring(2500)).toBe(1);
  });

  it('keeps its hands off a cluster that is suspended', async () => {
    const key = { namespace: 'test', name: 'demo' };
    await server.mergePatch(shardedClusters, key, { spec: { suspend: true } }, {}, NEVER);
    loses(FIRST);
    await clock.advance(60_000);
    expect(await readiness(FIRST)).toBe('True');
  });
});
