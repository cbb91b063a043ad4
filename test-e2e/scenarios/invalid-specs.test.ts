/** What the API server refuses, what it takes, and what it fills in, by the CRDs alone: no operator runs here. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { shardedClusterSpecSchema } from '../../operator/src/api/v1alpha1/sharded-cluster-spec.ts';
import { binaryPath } from '../cluster/binaries/index.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane/index.ts';
import { ACCEPTED_CLUSTERS } from '../specs/accepted-clusters.ts';
import { readExamples } from '../specs/examples.ts';
import { installCrds } from '../specs/install-crds.ts';
import { type Answer, connectPlainly, type PlainClient } from '../specs/plain-client.ts';
import { REFUSED_CHANGES } from '../specs/refused-changes.ts';
import { REFUSED_CLUSTERS } from '../specs/refused-clusters.ts';
import { REFUSED_CONFIGS } from '../specs/refused-configs.ts';
import { REFUSED_KEYSPACES } from '../specs/refused-keyspaces.ts';
import {
  FLIPPED,
  mapHomeMove,
  mapMove,
  mapReferenceMove,
  mapWithMoves,
  REFUSED_MOVES,
} from '../specs/refused-moves.ts';
import { REFUSED_OPERATIONS } from '../specs/refused-operations.ts';
import { movesOf, REFUSED_REBALANCES, scaleTo } from '../specs/refused-rebalances.ts';
import { map, mapShard, REFUSED_SHARD_MAPS } from '../specs/refused-shard-maps.ts';
import { mapKeyspace, mapOfTwo, mapWith, rangeKeyspace, REFUSED_SLOTS } from '../specs/refused-slots.ts';
import type { Fields, RefusedSpec } from '../specs/refused-spec.ts';

const API_VERSION = 'shardwright.io/v1alpha1';

interface Kind {
  readonly kind: string;
  readonly path: string;
}

const CLUSTER: Kind = {
  kind: 'ShardedCluster',
  path: `/apis/${API_VERSION}/namespaces/default/shardedclusters`,
};
const REBALANCE: Kind = {
  kind: 'ShardRebalance',
  path: `/apis/${API_VERSION}/namespaces/default/shardrebalances`,
};
const SHARD_MAP: Kind = { kind: 'ShardMap', path: `/apis/${API_VERSION}/namespaces/default/shardmaps` };

let controlPlane: ControlPlane;
let client: PlainClient;

beforeAll(async () => {
  controlPlane = await startControlPlane();
  client = await connectPlainly(controlPlane.kubeconfigPath);
  await installCrds(client);
}, 900_000);

afterAll(async () => {
  client?.close();
  await controlPlane?.stop();
});

/** Creates without keeping: nothing to clean up. */
function tryToCreate({ kind, path }: Kind, spec: Fields, name = 'shop'): Promise<Answer> {
  const object = { apiVersion: API_VERSION, kind, metadata: { name }, spec };
  return client.send('POST', `${path}?dryRun=All&fieldValidation=Strict`, object);
}

/** Keeps the object `shop` with `spec` for as long as `use` runs. */
async function withObject<T>(
  { kind, path }: Kind,
  spec: Fields,
  use: (live: Fields, path: string) => Promise<T>,
): Promise<T> {
  const object = { apiVersion: API_VERSION, kind, metadata: { name: 'shop' }, spec };
  const created = await client.send('POST', path, object);
  expect(created).toMatchObject({ status: 201 });
  try {
    return await use(created.body, `${path}/shop`);
  } finally {
    await client.send('DELETE', `${path}/shop`);
  }
}

function attempt(kind: Kind, { from, spec, name }: RefusedSpec): Promise<Answer> {
  return from === undefined
    ? tryToCreate(kind, spec, name)
    : withObject(kind, from, (live, path) => client.send('PUT', `${path}?dryRun=All`, { ...live, spec }));
}

/** What an answer must look like that refuses for the reason expected. */
function refusal({ field, remedy }: RefusedSpec): Fields {
  return {
    status: 422,
    causes: expect.arrayContaining([{ field, message: expect.stringContaining(remedy) }]),
  };
}

async function kubectl(...command: readonly string[]): Promise<{ stdout: string }> {
  const program = await binaryPath('kubectl');
  return promisify(execFile)(program, [`--kubeconfig=${controlPlane.kubeconfigPath}`, ...command]);
}

const rows = (list: readonly RefusedSpec[]) => list.map((refused) => [refused.attempt, refused] as const);

describe('the API server refuses a ShardedCluster with', () => {
  it.each(rows([...REFUSED_CLUSTERS, ...REFUSED_OPERATIONS, ...REFUSED_KEYSPACES, ...REFUSED_CONFIGS]))(
    '%s',
    async (_, refused) => {
      expect(await attempt(CLUSTER, refused)).toMatchObject(refusal(refused));
    },
  );
});

describe('the API server refuses a ShardedCluster with a field', () => {
  it.each([
    ['misspelt at the top', { shards: 2, shard: 3 }, 'spec.shard'],
    ['misspelt further down', { shards: 2, storage: { sise: '10Gi' } }, 'spec.storage.sise'],
  ])('%s, and names it', async (_, spec, field) => {
    const answer = await tryToCreate(CLUSTER, spec);
    expect(answer).toMatchObject({ status: 400 });
    expect(answer.body['message']).toContain(`unknown field "${field}"`);
  });
});

describe('the API server refuses to give a ShardedCluster', () => {
  it.each(rows(REFUSED_CHANGES))('%s', async (_, refused) => {
    expect(await attempt(CLUSTER, refused)).toMatchObject(refusal(refused));
  });

  it('fewer shards by kubectl scale, and takes more', async () => {
    await withObject(CLUSTER, { shards: 2 }, async () => {
      await expect(kubectl('scale', 'shc/shop', '--replicas=1')).rejects.toThrow('restore the former number');
      await expect(kubectl('scale', 'shc/shop', '--replicas=3')).resolves.toMatchObject({
        stdout: expect.stringContaining('scaled'),
      });
    });
  });
});

describe('the API server refuses a ShardMap with', () => {
  it.each(rows([...REFUSED_SHARD_MAPS, ...REFUSED_SLOTS, ...REFUSED_MOVES]))('%s', async (_, refused) => {
    expect(await attempt(SHARD_MAP, refused)).toMatchObject(refusal(refused));
  });
});

describe('the API server refuses a ShardRebalance with', () => {
  it.each(rows(REFUSED_REBALANCES))('%s', async (_, refused) => {
    expect(await attempt(REBALANCE, refused)).toMatchObject(refusal(refused));
  });

  const plan = {
    plannedAt: '2026-01-01T00:00:00Z',
    mapRevision: 7,
    shardsBefore: 2,
    shardsAfter: 3,
    keyspaces: [
      { name: 'app', placement: 'Balanced', slots: 8, slotsMoved: 2, skewBefore: 1, skewAfter: 1.125 },
    ],
    moves: [{ keyspace: 'app', unit: 'Slot', slots: '3,7', from: 0, to: 2, count: 2 }],
    moveCount: 2,
    shareMoved: 0.25,
    warnings: [],
  };
  const summary = { moves: '0/2', eta: 'unknown' };

  it('another plan than the first, and shows how far it is in columns', async () => {
    await withObject(REBALANCE, scaleTo(3), async (live, path) => {
      const status = { phase: 'Running', plan, summary };
      const written = await client.send('PUT', `${path}/status`, { ...live, status });
      expect(written).toMatchObject({ status: 200, body: { status } });
      const { stdout } = await kubectl('get', 'shr', 'shop');
      expect(stdout).toMatch(/^NAME +CLUSTER +PHASE +MOVES +ETA +AGE$/mu);
      expect(stdout).toMatch(/^shop +shop +Running +0\/2 +unknown +\S+$/mu);
      for (const changed of [{ ...plan, moveCount: 3 }, undefined]) {
        const answer = await client.send('PUT', `${path}/status`, {
          ...written.body,
          status: { ...status, plan: changed },
        });
        expect(answer).toMatchObject(
          refusal({ attempt: '', spec: {}, field: 'status.plan', remedy: 'create another ShardRebalance' }),
        );
      }
    });
  });

  it('a word that comes too late, or another end', async () => {
    await withObject(REBALANCE, scaleTo(3), async (live, path) => {
      const ended = await client.send('PUT', `${path}/status`, { ...live, status: { phase: 'Completed' } });
      expect(ended).toMatchObject({ status: 200 });
      for (const word of ['cancel', 'rollback']) {
        const late = await client.send('PUT', path, { ...ended.body, spec: scaleTo(3, { [word]: true }) });
        expect(late).toMatchObject(
          refusal({ attempt: '', spec: {}, field: `spec.${word}`, remedy: 'comes too late' }),
        );
      }
      const other = await client.send('PUT', `${path}/status`, {
        ...ended.body,
        status: { phase: 'Running' },
      });
      expect(other).toMatchObject(
        refusal({ attempt: '', spec: {}, field: 'status.phase', remedy: 'create another ShardRebalance' }),
      );
    });
  });
});

describe('the API server takes', () => {
  it.each([
    ['a rebalance to other shards', scaleTo(3)],
    [
      'moves by hand',
      movesOf({ keyspace: 'app', slot: 1, to: 1 }, { keyspace: 'app', unit: 'Unsharded', to: 1 }),
    ],
  ])('%s, and every word about it', async (_, spec) => {
    await withObject(REBALANCE, spec, async (live, path) => {
      let { body } = await client.send('GET', path);
      expect(body['spec']).toMatchObject({ approved: false, paused: false, cancel: false, rollback: false });
      for (const words of [
        { approved: true },
        { approved: true, paused: true },
        { approved: true, paused: false, cancel: true },
        { approved: true, paused: false, cancel: true, rollback: true },
      ]) {
        const answer = await client.send('PUT', path, {
          ...body,
          spec: { ...(live['spec'] as Fields), ...words },
        });
        expect(answer).toMatchObject({ status: 200 });
        ({ body } = answer);
      }
    });
  });

  it.each(ACCEPTED_CLUSTERS.map(({ purpose, spec }) => [purpose, spec] as const))(
    '%s, and fills in what the operator would',
    async (_, spec) => {
      const answer = await tryToCreate(CLUSTER, spec);
      expect(answer).toMatchObject({ status: 201 });
      expect(answer.body['spec']).toEqual(shardedClusterSpecSchema.parse(spec));
    },
  );

  it.each(readExamples())('the ShardedCluster of examples/$file', async ({ cluster }) => {
    const path = `${CLUSTER.path}?dryRun=All&fieldValidation=Strict`;
    expect(await client.send('POST', path, cluster)).toMatchObject({ status: 201 });
  });

  it('a status whose lag is unknown, and shows it in columns', async () => {
    const status = {
      observedGeneration: 1,
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          observedGeneration: 1,
          lastTransitionTime: '2026-01-01T00:00:00Z',
          reason: 'WaitingForPods',
          message: 'shop-shard-1-0 is not ready',
        },
      ],
      summary: { shards: '1/2', primaries: '2/2', lag: 'unknown', rebalance: '-' },
      replicas: 2,
      selector: 'shardwright.io/cluster=shop',
      shards: [
        {
          name: 'shop-shard-0',
          primary: null,
          epoch: 1,
          readyInstances: 2,
          slots: 0,
          maxLagSeconds: null,
          instances: [
            { pod: 'shop-shard-0-1', role: 'replica', lagSeconds: null, lagBytes: 12, healthy: false },
          ],
        },
      ],
    };
    await withObject(CLUSTER, { shards: 2 }, async (live, path) => {
      const answer = await client.send('PUT', `${path}/status`, { ...live, status });
      expect(answer).toMatchObject({ status: 200 });
      expect(answer.body['status']).toEqual(status);
      const { stdout } = await kubectl('get', 'shc', 'shop');
      expect(stdout).toMatch(/^NAME +READY +SHARDS +PRIMARIES +LAG +REBALANCE +AGE$/mu);
      expect(stdout).toMatch(/^shop +False +1\/2 +2\/2 +unknown +- +\S+$/mu);
    });
  });

  it('what it stored itself, unchanged', async () => {
    await withObject(CLUSTER, { shards: 2 }, async (live, path) => {
      const answer = await client.send('PUT', path, live);
      expect(answer).toMatchObject({ status: 200, body: { metadata: { generation: 1 } } });
      expect(answer.body['spec']).toEqual(live['spec']);
    });
  });

  it('growth of everything that may grow', async () => {
    const from = {
      shards: 2,
      storage: { size: '10Gi' },
      engine: { version: '10.11' },
      keyspaces: [{ name: 'app' }],
    };
    const to = {
      shards: 3,
      storage: { size: '10240Mi' },
      engine: { version: '10.11', image: 'registry.example/mariadb:10.11.14' },
      keyspaces: [
        { name: 'blog' },
        { name: 'app', defaultKey: 'id', tables: [{ name: 'countries', type: 'Reference' }] },
      ],
    };
    await withObject(CLUSTER, from, async (live, path) => {
      expect(await client.send('PUT', path, { ...live, spec: to })).toMatchObject({ status: 200 });
    });
  });

  it('keyspaces in a map that had none, another keyspace, and an interval that is split', async () => {
    const users = [{ name: 'web', transactions: 'Multi', consistency: 'Eventual' }];
    const split = rangeKeyspace({
      name: 'log',
      slotsByShard: [{ shard: 0, slots: '0-2' }],
      ranges: [{ slot: 0 }, { slot: 2, from: '500' }, { slot: 1, from: '1000' }],
    });
    const steps = [
      mapWith(6, mapKeyspace()),
      { ...mapOfTwo(7, mapKeyspace(), rangeKeyspace({ name: 'log' })), users },
      { ...mapOfTwo(8, mapKeyspace(), split), users },
    ];
    await withObject(SHARD_MAP, map(5), async (_, path) => {
      for (const step of steps) {
        const { body } = await client.send('GET', path);
        const answer = await client.send('PUT', path, { ...body, spec: step });
        expect(answer).toMatchObject({ status: 200 });
        expect(answer.body['spec']).toEqual(step);
      }
    });
  });

  it('a slot, a home and reference tables that move, step by step, there and back', async () => {
    const opened = { openedAt: '1-100-7' };
    const flipped = { ...FLIPPED, homeShard: 1, referenceShards: [0, 1] };
    const steps = [
      mapWithMoves(6, {}, mapMove(), mapHomeMove(), mapReferenceMove()),
      mapWithMoves(
        7,
        {},
        mapMove({ phase: 'Switching' }),
        mapHomeMove({ phase: 'Switching' }),
        mapReferenceMove({ phase: 'Switching' }),
      ),
      mapWithMoves(
        8,
        {},
        mapMove({ attempt: 2 }),
        mapHomeMove({ phase: 'Switching' }),
        mapReferenceMove({ phase: 'Switching' }),
      ),
      mapWithMoves(
        9,
        {},
        mapMove({ phase: 'Switching', attempt: 2 }),
        mapHomeMove({ phase: 'Switching' }),
        mapReferenceMove({ phase: 'Switching' }),
      ),
      mapWithMoves(
        10,
        flipped,
        mapMove({ phase: 'Soaking', attempt: 2, ...opened }),
        mapHomeMove({ phase: 'Soaking', ...opened }),
        mapReferenceMove({ phase: 'Soaking' }),
      ),
      mapWithMoves(
        11,
        flipped,
        mapMove({ phase: 'Returning', attempt: 2, ...opened }),
        mapHomeMove({ phase: 'Finishing', ...opened }),
        mapReferenceMove({ phase: 'Finishing' }),
      ),
      mapWithMoves(
        12,
        { homeShard: 1, referenceShards: [0, 1] },
        mapMove({ phase: 'Undoing', attempt: 2, ...opened }),
      ),
      mapWithMoves(13, { homeShard: 1, referenceShards: [0, 1] }),
    ];
    await withObject(SHARD_MAP, mapOfTwo(5, mapKeyspace({ referenceShards: [0] })), async (_, path) => {
      for (const step of steps) {
        const { body } = await client.send('GET', path);
        const answer = await client.send('PUT', path, { ...body, spec: step });
        expect(answer).toMatchObject({ status: 200 });
        expect(answer.body['spec']).toEqual(step);
      }
    });
  });

  it('moves in plenty, at a cost that it takes', async () => {
    const many = Array.from({ length: 256 }, (_, slot) =>
      mapMove({ id: `a-name-as-long-as-names-of-moves-are-in-practice-${slot}`, slot }),
    );
    const keyspace = { slots: 1024, slotsByShard: [{ shard: 0, slots: '0-1023' }] };
    await withObject(SHARD_MAP, mapWithMoves(5, keyspace, ...many), async (live, path) => {
      const switching = many.map((move) => ({ ...move, phase: 'Switching' }));
      const next = { ...live, spec: mapWithMoves(6, keyspace, ...switching) };
      expect(await client.send('PUT', path, next)).toMatchObject({ status: 200, causes: [] });
    });
  });

  it('a promotion in two writes, and a new shard', async () => {
    const promoted = { epoch: 4, primary: 'shop-shard-0-1' };
    const steps = [
      map(5),
      map(6, { epoch: 4, primary: null, replicas: ['shop-shard-0-0', 'shop-shard-0-1', 'shop-shard-0-2'] }),
      map(7, { ...promoted, replicas: ['shop-shard-0-0', 'shop-shard-0-2'], ackers: ['shop-shard-0-2'] }),
      {
        revision: 8,
        shards: [
          mapShard({ ...promoted, replicas: ['shop-shard-0-2'], ackers: [] }),
          {
            number: 1,
            name: 'shop-shard-1',
            epoch: 1,
            primary: null,
            replicas: [],
            ackers: [],
            initialised: false,
            acknowledgement: 'None',
          },
        ],
      },
    ];
    await withObject(SHARD_MAP, map(5), async (_, path) => {
      for (const step of steps) {
        const { body } = await client.send('GET', path);
        const answer = await client.send('PUT', path, { ...body, spec: step });
        expect(answer).toMatchObject({ status: 200 });
        expect(answer.body['spec']).toEqual(step);
      }
    });
  });
});
