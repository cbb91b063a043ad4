/** The API server takes every map and status that the operator writes while slots move: the CRDs' rules are the operator's. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ShardMapSpec, ShardRebalanceStatus } from '../../operator/src/api/v1alpha1/index.ts';
import { decideStatus } from '../../operator/src/controllers/shard-rebalance/decide-status.ts';
import {
  anObservation,
  aRebalance,
  aView,
} from '../../operator/src/controllers/shard-rebalance/testing/observations.ts';
import { decideShardMap } from '../../operator/src/controllers/sharded-cluster/decide-shard-map.ts';
import { aCluster } from '../../operator/src/controllers/sharded-cluster/testing/builders.ts';
import { withLimits, withMove, withoutMove, withStep } from '../../operator/src/movers/move-edits.ts';
import { limitsOf } from '../../operator/src/movers/move-wishes.ts';
import { plannedMoves } from '../../operator/src/movers/planned-moves.ts';
import { aMap } from '../../operator/src/movers/testing/move-observations.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane/index.ts';
import { installCrds } from '../specs/install-crds.ts';
import { type Answer, connectPlainly, type PlainClient } from '../specs/plain-client.ts';
import type { Fields } from '../specs/refused-spec.ts';

const PATH = '/apis/shardwright.io/v1alpha1/namespaces/default';

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

/** Creates an object, and returns how to replace its spec, or its status. */
async function create(plural: string, kind: string, name: string, spec: unknown) {
  const object = { apiVersion: 'shardwright.io/v1alpha1', kind, metadata: { name }, spec } as Fields;
  const created = await client.send('POST', `${PATH}/${plural}`, object);
  expect(created).toMatchObject({ status: 201 });
  let live = created.body;
  return async (change: Fields, subresource = ''): Promise<Answer> => {
    const answer = await client.send('PUT', `${PATH}/${plural}/${name}${subresource}`, {
      ...live,
      // As the operator's writer of maps has it.
      metadata: { ...(live['metadata'] as Fields), managedFields: [{}] },
      ...change,
    });
    live = answer.status === 200 ? answer.body : live;
    return answer;
  };
}

const SLOT = { id: 'grow-1', keyspace: 'app', unit: 'Slot', slot: 5, from: 0, to: 2 } as const;
const HOME = { id: 'grow-2', keyspace: 'app', unit: 'Unsharded', from: 0, to: 2 } as const;
const REFERENCES = { id: 'grow-3', keyspace: 'app', unit: 'Reference', from: 0, to: 2 } as const;

type Step = [string, (map: ShardMapSpec) => ShardMapSpec];

const limited = (map: ShardMapSpec) => withLimits(map, limitsOf(aCluster(), false));

/** From the beginning of a move to its switch and beyond. */
function moved(move: typeof SLOT | typeof HOME | typeof REFERENCES): Step[] {
  const { id } = move;
  return [
    [`${id} begins`, (map) => withMove(map, move)],
    [`${id} switches`, (map) => withStep(map, id, { phase: 'Switching' })],
    [`${id} is undone`, (map) => withStep(map, id, { phase: 'undone' })],
    [`${id} switches again`, (map) => withStep(map, id, { phase: 'Switching' })],
    [`${id} flips`, (map) => withStep(map, id, { phase: 'Soaking', openedAt: '0-1-7,1-2-9' })],
  ];
}

function returned(id: string): Step[] {
  return [
    [`${id} returns`, (map) => withStep(map, id, { phase: 'Returning' })],
    [`${id} does not return`, (map) => withStep(map, id, { phase: 'undone' })],
    [`${id} returns again`, (map) => withStep(map, id, { phase: 'Returning' })],
    [`${id} flips back`, (map) => withStep(map, id, { phase: 'Undoing' })],
    [`${id} leaves`, (map) => withoutMove(map, id)],
  ];
}

function finished(id: string): Step[] {
  return [
    [`${id} finishes`, (map) => withStep(map, id, { phase: 'Finishing' })],
    [`${id} leaves`, (map) => withoutMove(map, id)],
  ];
}

const STEPS: readonly Step[] = [
  ['limits', limited],
  ...moved(REFERENCES),
  ...moved(SLOT),
  ...finished(REFERENCES.id),
  ...moved(HOME),
  ...returned(SLOT.id),
  ...returned(HOME.id),
  ['grow-4 begins', (map) => withMove(map, { ...SLOT, id: 'grow-4' })],
  ['grow-4 is cancelled', (map) => withStep(map, 'grow-4', { phase: 'Undoing' })],
  ['grow-4 leaves', (map) => withoutMove(map, 'grow-4')],
];

describe('the API server takes', () => {
  it('every step of moves of every kind, and the map without a shard that holds nothing', async () => {
    let spec = aMap();
    const replace = await create('shardmaps', 'ShardMap', 'demo', spec);
    for (const [step, edit] of STEPS) {
      spec = edit(spec);
      const { status, causes, body } = await replace({ spec });
      expect({ step, status, causes }).toEqual({ step, status: 200, causes: [] });
      expect(body).not.toHaveProperty('metadata.managedFields');
    }
    expect(spec.keyspaces?.[0]?.referenceShards).toEqual([0, 1, 2]);
    const decision = decideShardMap({
      cluster: 'demo',
      namespace: 'default',
      shards: 2,
      instances: 2,
      current: spec,
      reported: [],
      spec: aCluster({ shards: 2, keyspaces: [{ name: 'app', slots: 12, defaultKey: 'id' }] }).spec,
      reportedKeyspaces: [],
      underWay: null,
      planned: null,
      evidence: null,
      decided: new Map(),
      withData: new Set([0, 1, 2]),
      labelledPrimaries: [],
      pods: new Set(),
      nowSeconds: 0,
    });
    if (decision.kind !== 'update') {
      throw new Error(`the map is not changed: ${decision.kind}`);
    }
    expect(decision.spec.shards).toHaveLength(2);
    expect(await replace({ spec: decision.spec })).toMatchObject({ status: 200 });
  });

  it('fewer shards of a cluster with keyspaces', async () => {
    const spec = { shards: 3, keyspaces: [{ name: 'app', slots: 12, defaultKey: 'id' }] };
    const replace = await create('shardedclusters', 'ShardedCluster', 'demo', spec);
    expect(await replace({ spec: { ...spec, shards: 2 } })).toMatchObject({ status: 200 });
  });

  it('every status of a rebalance, from its plan to its end', async () => {
    const replace = await create('shardrebalances', 'ShardRebalance', 'demo-r1', aRebalance().spec);
    let rebalance = aRebalance();
    let map = aMap();
    const report = async (): Promise<ShardRebalanceStatus> => {
      const views = Object.fromEntries((map.moves ?? []).map(({ id }) => [id, aView({ bytesTotal: 10 })]));
      const next = decideStatus(rebalance, anObservation({ map, views, rebalances: [rebalance] }));
      const { status, causes } = await replace({ status: next }, '/status');
      expect({ status, causes, phase: next?.phase }).toMatchObject({ status: 200, causes: [] });
      if (next === undefined) {
        throw new Error('the status stays as it is');
      }
      rebalance = { ...rebalance, status: next };
      return next;
    };
    expect((await report()).phase).toBe('Planned');
    expect((await report()).phase).toBe('Running');
    for (const move of plannedMoves(rebalance)) {
      map = withMove(map, move);
      expect((await report()).phase).toBe('Running');
      map = withStep(map, move.id, { phase: 'Switching' });
      map = withStep(map, move.id, { phase: 'Soaking', openedAt: '0-1-1' });
      await report();
    }
    expect((await report()).phase).toBe('Soaking');
    for (const { id } of plannedMoves(rebalance)) {
      map = withoutMove(withStep(map, id, { phase: 'Finishing' }), id);
    }
    expect((await report()).phase).toBe('Completed');
  });
});
