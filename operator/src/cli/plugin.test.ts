import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ShardedCluster, ShardMap, ShardMapShard, ShardStatus } from '../api/v1alpha1/index.ts';
import { promotionAnnotation, switchoverAnnotation } from '../api/v1alpha1/index.ts';
import { FakeApiServer } from '../runtime/testing/fake-api-server.ts';
import { FakeClock, settle } from '../runtime/testing/fake-clock.ts';
import { shardedClusters, shardMaps } from './cluster-view.ts';
import type { ConnectionFlags } from './connection-flags.ts';
import { runPlugin } from './plugin.ts';

const NEVER = new AbortController().signal;
const KEY = { namespace: 'web', name: 'shop' };
const [FIRST, SECOND, THIRD] = ['shop-shard-0-0', 'shop-shard-0-1', 'shop-shard-0-2'] as const;

const ENTRY: ShardMapShard = {
  number: 0,
  name: 'shop-shard-0',
  epoch: 3,
  primary: FIRST,
  replicas: [SECOND, THIRD],
  ackers: [SECOND],
  initialised: true,
  acknowledgement: 'OneReplica',
};

const STATUS: ShardStatus = {
  name: 'shop-shard-0',
  primary: FIRST,
  epoch: 3,
  state: 'healthy',
  readyInstances: 2,
  lastFailover: {
    at: '2026-01-01T00:00:00Z',
    epoch: 3,
    to: FIRST,
    reason: 'ServerEnded',
    phaseMilliseconds: { detect: 10 },
  },
  instances: [
    { pod: FIRST, role: 'primary', gtid: '0-1-42', lagSeconds: 0, healthy: true },
    { pod: SECOND, role: 'replica', gtid: '0-1-42', lagSeconds: 0.12, healthy: true },
    {
      pod: THIRD,
      role: 'replica',
      lagSeconds: null,
      healthy: false,
      error: 'It is being cloned from shop-shard-0-0.',
      clone: { source: FIRST, bytes: 43, estimatedBytes: 100, bytesPerSecond: 1 },
    },
  ],
};

describe('kubectl shardwright', () => {
  let clock: FakeClock;
  let server: FakeApiServer;
  let out: string;
  let err: string;
  let flags: ConnectionFlags[];

  beforeEach(async () => {
    clock = new FakeClock();
    server = new FakeApiServer(clock);
    [out, err, flags] = ['', '', []];
    const cluster = {
      apiVersion: 'shardwright.io/v1alpha1',
      kind: 'ShardedCluster',
      metadata: KEY,
      spec: { shards: 1 },
    } as unknown as ShardedCluster;
    await server.create(shardedClusters, cluster, NEVER);
    await setStatus({ shards: [STATUS], conditions: [condition('Ready', 'True', 'AllShardsReady', '')] });
    await server.create(
      shardMaps,
      {
        apiVersion: 'shardwright.io/v1alpha1',
        kind: 'ShardMap',
        metadata: KEY,
        spec: { revision: 1, shards: [ENTRY] },
      } satisfies ShardMap,
      NEVER,
    );
  });

  function condition(type: string, status: 'True' | 'False', reason: string, message: string) {
    return { type, status, reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' };
  }

  async function setStatus(status: NonNullable<ShardedCluster['status']>): Promise<void> {
    await server.mergePatch(shardedClusters, KEY, { status }, { subresource: 'status' }, NEVER);
  }

  async function setShard(change: Partial<ShardMapShard>): Promise<void> {
    const map = await server.get(shardMaps, KEY, NEVER);
    if (map === undefined) {
      throw new Error('there is no map');
    }
    const spec = { revision: map.spec.revision + 1, shards: [{ ...ENTRY, ...change }] };
    await server.replace(shardMaps, { ...map, spec }, {}, NEVER);
  }

  async function annotations(): Promise<Readonly<Record<string, string>>> {
    return (await server.get(shardedClusters, KEY, NEVER))?.metadata.annotations ?? {};
  }

  /** Runs a command line while the clock goes on; `operator` is called with each tenth of a second. */
  async function run(line: string, operator: () => Promise<void> = async () => {}): Promise<number> {
    const connected = runPlugin(line.split(' '), {
      version: '1.2.3',
      signal: NEVER,
      writeOut: (text) => void (out += text),
      writeErr: (text) => void (err += text),
      connect: async (asked) => {
        flags.push(asked);
        return {
          client: server,
          namespace: asked.namespace ?? 'web',
          clock,
          say: (text) => void (out += `${text}\n`),
          progress: (text) => void (err += `${text}\n`),
          kubectl: { capture: async () => '', attach: async () => 0 },
          isTerminal: false,
          redraw: () => {},
          ask: async () => '',
          close: async () => {},
        };
      },
    });
    const ended = { isTrue: false };
    void connected.finally(() => (ended.isTrue = true));
    for (let tenth = 0; tenth < 1000 && !ended.isTrue; tenth += 1) {
      await operator();
      await settle();
      await clock.advance(100);
    }
    return connected;
  }

  /** An operator that answers the request for a switchover. */
  function answering(outcome: 'Completed' | 'Refused' | 'Undone', primary: string): () => Promise<void> {
    let isDone = false;
    return async () => {
      const request = (await annotations())[switchoverAnnotation(0)];
      if (request === undefined || isDone) {
        return;
      }
      isDone = true;
      const replicas = [FIRST, SECOND, THIRD].filter((pod) => pod !== primary);
      const isNew = primary !== FIRST;
      await setShard({ primary, replicas, epoch: isNew ? 4 : 3, ackers: [], handledSwitchover: request });
      const lastSwitchover = { request, outcome, message: `It is ${outcome}.`, at: '2026-01-01T00:00:01Z' };
      await setStatus({ shards: [{ ...STATUS, lastSwitchover }] });
    };
  }

  it.each(['--help', 'status --help', 'switchover --help', 'promote --help'])(
    'helps with %s',
    async (line) => {
      expect(await run(line)).toBe(0);
      expect(out).toContain('Usage: kubectl shardwright');
      expect(out).toContain('Exit codes:');
    },
  );

  it.each([
    'status',
    'switchover shop',
    'promote shop 0',
    'promote shop 0',
    'status shop -o yaml',
    'switchover shop 0 --timeout soon',
    'switchover shop 0 --colour red',
    'dance',
  ])('does not understand %s', async (line) => {
    expect(await run(line)).toBe(2);
    expect(err).toContain('error: ');
  });

  it('connects as it is told to', async () => {
    expect(await run('status shop -n other --kubeconfig /file --context there')).toBe(1);
    expect(flags).toEqual([
      expect.objectContaining({ namespace: 'other', kubeconfig: '/file', context: 'there' }),
    ]);
    expect(err).toContain('there is no ShardedCluster shop in the namespace other');
  });

  it('shows the status of each instance', async () => {
    expect(await run('status shop')).toBe(0);
    expect(out.split('\n')).toEqual([
      'web/shop   Ready: True (AllShardsReady)   Degraded: unknown   FailoverBlocked: unknown',
      '',
      'shop-shard-0   healthy   primary shop-shard-0-0   epoch 3   last failover 2026-01-01T00:00:00Z to shop-shard-0-0 (ServerEnded)',
      '  POD              ROLE      LAG       GTID      HEALTH',
      '  shop-shard-0-0   primary   -         0-1-42    healthy',
      '  shop-shard-0-1   replica   0.1s      0-1-42    healthy',
      '  shop-shard-0-2   replica   unknown   unknown   not healthy: 43 % cloned. It is being cloned from shop-shard-0-0.',
      '',
    ]);
  });

  it('shows what blocks a failover, with the command', async () => {
    const message = 'Acknowledged writes may be on shop-shard-0-2. Promote: kubectl annotate ...';
    await setStatus({
      shards: [{ ...STATUS, state: 'blocked' }],
      conditions: [condition('FailoverBlocked', 'True', 'AckersUnreachable', message)],
    });
    await run('status shop');
    expect(out).toContain(`Failover is blocked: ${message}`);
  });

  it('shows the status as JSON', async () => {
    await run('status shop -o json');
    expect(JSON.parse(out)).toMatchObject({
      namespace: 'web',
      cluster: 'shop',
      failoverBlocked: null,
      shards: [
        {
          name: 'shop-shard-0',
          state: 'healthy',
          primary: FIRST,
          epoch: 3,
          lastSwitchover: null,
          instances: [
            { pod: FIRST, role: 'primary', healthy: true, lagSeconds: 0 },
            { pod: SECOND, acknowledges: true, gtid: '0-1-42' },
            { pod: THIRD, healthy: false, lagSeconds: null, clonedPercent: 43 },
          ],
        },
      ],
    });
  });

  it('takes roles from the map, which is newer than the status', async () => {
    await setShard({ epoch: 4, primary: SECOND, replicas: [FIRST, THIRD] });
    await run('status shop -o json');
    expect(JSON.parse(out)).toMatchObject({ shards: [{ primary: SECOND, epoch: 4 }] });
  });

  it.each([
    ['switchover shop 0 --to shop-shard-0-1', `${SECOND}/2026-01-01T00:00:00.000Z`],
    ['switchover shop shop-shard-0 --to 1', `${SECOND}/2026-01-01T00:00:00.000Z`],
    ['switchover shop 0', 'any/2026-01-01T00:00:00.000Z'],
  ])('%s asks, and tells the new primary', async (line, request) => {
    expect(await run(line, answering('Completed', SECOND))).toBe(0);
    expect(await annotations()).toEqual({ [switchoverAnnotation(0)]: request });
    expect(out).toMatch(
      /^shop-shard-0-1 is the primary of shop-shard-0 in epoch 4, after \d+\.\d s\. It is Completed\.\n$/u,
    );
    expect(err).toContain('asked shop-shard-0 to hand over');
  });

  it.each(['Refused', 'Undone'] as const)('tells why a switchover was %s', async (outcome) => {
    expect(await run('switchover shop 0', answering(outcome, FIRST))).toBe(1);
    expect(err).toContain(`error: It is ${outcome}.`);
  });

  it('withdraws a request that nobody handles', async () => {
    expect(await run('switchover shop 0 --timeout 5')).toBe(3);
    expect(err).toContain('not handled the request within 5 s');
    expect(await annotations()).toEqual({});
  });

  it('leaves a later request alone when it gives up', async () => {
    let isAsked = false;
    const other = async (): Promise<void> => {
      if (!isAsked && (await annotations())[switchoverAnnotation(0)] !== undefined) {
        isAsked = true;
        const patch = { metadata: { annotations: { [switchoverAnnotation(0)]: 'any/later' } } };
        await server.mergePatch(shardedClusters, KEY, patch, {}, NEVER);
      }
    };
    expect(await run('switchover shop 0 --timeout 5', other)).toBe(3);
    expect(await annotations()).toEqual({ [switchoverAnnotation(0)]: 'any/later' });
  });

  it.each([
    ['switchover shop 0 --to 0', 0, 'shop-shard-0-0 is the primary of shop-shard-0 already.'],
    [
      'switchover shop 0 --to 1 --dry-run',
      0,
      'would be asked to hand over from shop-shard-0-0 to shop-shard-0-1',
    ],
    ['switchover shop 0 --to 7', 1, 'no member 7: there are shop-shard-0-0, shop-shard-0-1, shop-shard-0-2'],
    ['switchover shop 3', 1, 'shop has no shard 3: there are 0'],
    [
      'promote shop 0 --to 1 --accept-data-loss',
      1,
      'has a healthy primary, shop-shard-0-0: use kubectl shardwright switchover',
    ],
  ])('%s changes nothing', async (line, exitCode, text) => {
    expect(await run(line)).toBe(exitCode);
    expect(out + err).toContain(text);
    expect(await annotations()).toEqual({});
  });

  it('asks nothing of a suspended cluster', async () => {
    await server.mergePatch(shardedClusters, KEY, { spec: { suspend: true } }, {}, NEVER);
    expect(await run('switchover shop 0')).toBe(1);
    expect(err).toContain('spec.suspend');
    expect(await annotations()).toEqual({});
  });

  describe('with a primary that is lost', () => {
    beforeEach(async () => {
      const instances = (STATUS.instances ?? []).map((instance) => ({ ...instance, healthy: false }));
      await setStatus({ shards: [{ ...STATUS, state: 'primaryLost', instances }] });
    });

    const promoting = (epoch: number, primary: string) => async (): Promise<void> => {
      if ((await annotations())[promotionAnnotation(0)] !== undefined) {
        await setShard({ epoch, primary, replicas: [FIRST, THIRD], ackers: [] });
      }
    };

    it('promotes none without the word that writes may be lost', async () => {
      expect(await run('promote shop 0 --to 1')).toBe(2);
      expect(err).toContain('--accept-data-loss');
      expect(await annotations()).toEqual({});
    });

    it.each([
      ['before', { epoch: 3 }, 4],
      ['after', { epoch: 4, primary: null, replicas: [FIRST, SECOND, THIRD] }, 4],
    ])('decides for the epoch to be made, %s the promotion has begun', async (_, change, epoch) => {
      await setShard(change);
      expect(await run('promote shop 0 --to 1 --accept-data-loss', promoting(4, SECOND))).toBe(0);
      expect(await annotations()).toEqual({ [promotionAnnotation(0)]: `${SECOND}/${epoch}` });
      expect(out).toContain('shop-shard-0-1 is the primary of shop-shard-0 in epoch 4');
    });

    it('takes nobody for healthy whose last word is older than what the shard is in', async () => {
      await setStatus({ shards: [{ ...STATUS, state: 'primaryUnreachable' }] });
      expect(await run('promote shop 0 --to 1 --accept-data-loss', promoting(4, SECOND))).toBe(0);
    });

    it('tells when another was promoted', async () => {
      expect(await run('promote shop 0 --to 2 --accept-data-loss', promoting(4, SECOND))).toBe(1);
      expect(err).toContain('shop-shard-0-1 became the primary');
    });

    it('tells when nobody was promoted', async () => {
      expect(await run('promote shop 0 --to 1 --accept-data-loss --timeout 3')).toBe(3);
      expect(err).toContain('the decision stands');
    });
  });
});
