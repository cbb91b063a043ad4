/** What a ShardedCluster consists of on a real cluster, and that it stays so whatever is done to it by hand. */
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { shardMaps } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import type { KubernetesObject, ResourceType } from '../../operator/src/runtime/objects.ts';
import {
  configMaps,
  persistentVolumeClaims,
  podDisruptionBudgets,
  pods,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
} from '../../operator/src/runtime/resources.ts';
import { eventually } from '../install/eventually.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'shop';
let world: World;

beforeAll(async () => {
  world = await World.open('owned-objects');
  await world.startOperator();
});

afterAll(async () => {
  await world?.close();
});

function objectsOfShard(number: number, instances = 3): string[] {
  const name = `shop-shard-${number}`;
  const ordinals = Array.from({ length: instances }, (_, ordinal) => ordinal);
  return [
    `StatefulSet/${name}`,
    `Secret/${name}-agent-tls`,
    `Secret/${name}-server-tls`,
    ...['', '-primary', '-replicas'].map((suffix) => `Service/${name}${suffix}`),
    `PodDisruptionBudget/${name}-primary`,
    `PodDisruptionBudget/${name}-replicas`,
    ...ordinals.flatMap((ordinal) => [
      `Pod/${name}-${ordinal}`,
      `PersistentVolumeClaim/data-${name}-${ordinal}`,
    ]),
  ];
}

const COMMON = [
  'ShardMap/shop',
  'ServiceAccount/shop-database',
  'ConfigMap/shop-config',
  'ConfigMap/shop-ca',
  'Secret/shop-app',
  'Secret/shop-admin',
  'Secret/shop-internal',
  'Secret/shop-ca',
  'Secret/shop-operator-tls',
  'Role/shop-database',
  'RoleBinding/shop-database',
];

const ALL = [...COMMON, ...objectsOfShard(0), ...objectsOfShard(1)].toSorted();

/** What there is, as soon as it is all: pods that go with their StatefulSet do so a while after it, and come back. */
async function untilAll(): Promise<string[]> {
  return eventually(
    () => world.inventory(CLUSTER),
    (found) => isDeepStrictEqual(found, ALL),
  );
}

describe('a cluster of two shards', () => {
  it('becomes ready in a namespace that admits restricted pods only', async () => {
    const refused = await world.kubectl.attempt([
      'run',
      'privileged',
      '--image=any',
      '--privileged',
      '--namespace',
      world.namespace,
    ]);
    expect(refused.standardError).toContain('violates PodSecurity');
    await world.createCluster(CLUSTER, { shards: 2 });
    await world.untilReady(CLUSTER);
    await world.untilCondition(CLUSTER, 'Available', 'True/PrimariesAvailable');
    await world.untilCondition(CLUSTER, 'Progressing', 'False/UpToDate');
    await world.untilCondition(CLUSTER, 'Degraded', 'False/AsExpected');
  });

  it('consists of these objects and no others', async () => {
    expect(await untilAll()).toEqual(ALL);
  });

  it('gives each pod its labels, with the role of the map', async () => {
    const shown = async () => {
      const labels = (await world.list(pods, CLUSTER)).map(({ metadata }) => metadata?.labels ?? {});
      return labels.map((label) => [
        label['app.kubernetes.io/name'],
        label['app.kubernetes.io/component'],
        label['shardwright.io/cluster'],
        label['shardwright.io/shard'],
        label['shardwright.io/role'],
      ]);
    };
    const shard = (number: string) =>
      ['primary', 'replica', 'replica'].map((role) => ['shardwright', 'database', 'shop', number, role]);
    const expected = [...shard('0'), ...shard('1')];
    expect(await eventually(shown, (found) => isDeepStrictEqual(found, expected))).toEqual(expected);
    expect((await world.map(CLUSTER)).spec).toMatchObject({
      shards: [
        { epoch: 1, primary: 'shop-shard-0-0' },
        { epoch: 1, primary: 'shop-shard-1-0' },
      ],
    });
  });

  it('writes to its volumes as a user that is not root', async () => {
    expect((await world.dataOf('shop-shard-1-2')).user).toBe(999);
  });

  it('keeps the instances of a shard on different nodes', async () => {
    const nodes = (await world.list(pods, CLUSTER))
      .filter(({ metadata }) => metadata?.labels?.['shardwright.io/shard'] === '0')
      .map(({ spec }) => spec?.nodeName);
    expect(new Set(nodes).size).toBe(3);
  });

  it('lets one replica of a shard be evicted at a time, and its primary, which hands over', async () => {
    const allowed = async (name: string) =>
      (await world.require(podDisruptionBudgets, name)).status?.disruptionsAllowed;
    for (const name of ['shop-shard-0-primary', 'shop-shard-0-replicas']) {
      // Budgets are counted one after the other.
      expect(
        await eventually(
          () => allowed(name),
          (count) => count === 1,
        ),
      ).toBe(1);
    }
  });

  it('leads each Service to the pods of its role', async () => {
    const addresses = async (service: string): Promise<string[]> => {
      const { items } = await world.kubectl.get<{
        items: { endpoints: { targetRef: { name: string } }[] | null }[];
      }>([
        'endpointslices',
        '--namespace',
        world.namespace,
        `--selector=kubernetes.io/service-name=${service}`,
      ]);
      return items
        .flatMap(({ endpoints }) => (endpoints ?? []).map(({ targetRef }) => targetRef.name))
        .toSorted();
    };
    const members = ['shop-shard-0-0', 'shop-shard-0-1', 'shop-shard-0-2'];
    for (const [service, expected] of [
      ['shop-shard-0-primary', members.slice(0, 1)],
      // While no replica was fit for reads yet, the primary took them.
      ['shop-shard-0-replicas', members.slice(1)],
      ['shop-shard-0', members],
    ] as const) {
      const found = await eventually(
        () => addresses(service),
        (pods) => isDeepStrictEqual(pods, expected),
      );
      expect([service, found]).toEqual([service, expected]);
    }
  });
});

describe('what is deleted by hand comes back', () => {
  it.each<{ type: ResourceType<KubernetesObject>; name: string }>([
    { type: statefulSets, name: 'shop-shard-1' },
    { type: services, name: 'shop-shard-0' },
    { type: services, name: 'shop-shard-0-primary' },
    { type: services, name: 'shop-shard-1-replicas' },
    { type: podDisruptionBudgets, name: 'shop-shard-0-primary' },
    { type: podDisruptionBudgets, name: 'shop-shard-1-replicas' },
    { type: configMaps, name: 'shop-config' },
    { type: serviceAccounts, name: 'shop-database' },
    { type: secrets, name: 'shop-app' },
    { type: secrets, name: 'shop-admin' },
    { type: pods, name: 'shop-shard-0-1' },
  ])('$type.kind $name', async ({ type, name }) => {
    const { uid } = (await world.require(type, name)).metadata ?? {};
    await world.delete(type, name);
    await world.until(`${type.kind} ${name} is back`, async () => {
      const found = await world.get(type, name);
      return found !== undefined && found.metadata?.uid !== uid ? true : undefined;
    });
    await world.untilReady(CLUSTER);
    expect(await untilAll()).toEqual(ALL);
  });

  it('the map with the same primaries and a higher revision', async () => {
    // Pods that went with their StatefulSet may have handed over: what counts is what the lost map said.
    const former = await world.map(CLUSTER);
    await world.delete(shardMaps, CLUSTER);
    const { spec } = await world.until('the map is back', async () => {
      const found = await world.get(shardMaps, CLUSTER);
      return found?.metadata.uid === former.metadata.uid ? undefined : found;
    });
    await world.untilReady(CLUSTER);
    const primaries = (shards: typeof spec.shards) => shards.map(({ epoch, primary }) => [epoch, primary]);
    expect(primaries(spec.shards)).toEqual(primaries(former.spec.shards));
    expect(spec.revision).toBeGreaterThan(former.spec.revision);
    expect(spec.revision).toBeGreaterThan(1_700_000_000);
  });

  it('and the events say so', async () => {
    const expected = 'Service shop-shard-0-primary had been deleted and was created again.';
    const notes = () => world.notes(CLUSTER, 'ObjectRepaired');
    expect(await eventually(notes, (found) => found.includes(expected))).toContain(expected);
  });
});

describe('what is edited by hand is put back', () => {
  const LABEL = { metadata: { labels: { 'shardwright.io/cluster': null } } };
  const OWNER = { metadata: { ownerReferences: null } };

  it.each<{ type: ResourceType<KubernetesObject>; name: string; what: string; patch: object }>([
    { type: statefulSets, name: 'shop-shard-0', what: 'replicas', patch: { spec: { replicas: 1 } } },
    { type: statefulSets, name: 'shop-shard-0', what: 'owner', patch: OWNER },
    {
      type: services,
      name: 'shop-shard-0-primary',
      what: 'selector',
      patch: { spec: { selector: { 'shardwright.io/role': 'replica' } } },
    },
    {
      type: services,
      name: 'shop-shard-0',
      what: 'publishNotReadyAddresses',
      patch: { spec: { publishNotReadyAddresses: false } },
    },
    {
      type: podDisruptionBudgets,
      name: 'shop-shard-0-primary',
      what: 'minAvailable',
      patch: { spec: { minAvailable: 7 } },
    },
    { type: configMaps, name: 'shop-config', what: 'data', patch: { data: { 'settings.json': 'edited' } } },
    { type: configMaps, name: 'shop-config', what: 'label', patch: LABEL },
    {
      type: serviceAccounts,
      name: 'shop-database',
      what: 'token',
      patch: { automountServiceAccountToken: true },
    },
    { type: serviceAccounts, name: 'shop-database', what: 'owner', patch: OWNER },
    { type: secrets, name: 'shop-app', what: 'host', patch: { data: { host: 'eA==' } } },
    { type: secrets, name: 'shop-admin', what: 'label', patch: LABEL },
    { type: shardMaps, name: 'shop', what: 'label', patch: LABEL },
    { type: persistentVolumeClaims, name: 'data-shop-shard-0-1', what: 'label', patch: LABEL },
    {
      type: pods,
      name: 'shop-shard-0-1',
      what: 'role',
      patch: { metadata: { labels: { 'shardwright.io/role': 'primary' } } },
    },
  ])('$type.kind $name: $what', async ({ type, name, patch }) => {
    await world.untilSettled(CLUSTER);
    const before = described(await world.require(type, name));
    await world.patch(type, name, patch);
    const after = await world.until(`${type.kind} ${name} is as before`, async () => {
      const now = described(await world.require(type, name));
      return JSON.stringify(now) === JSON.stringify(before) ? now : undefined;
    });
    expect(after).toEqual(before);
    await world.untilReady(CLUSTER);
  });

  it('but a password that a person has set stays', async () => {
    await world.patch(secrets, 'shop-admin', { data: { password: 'b3du', username: null } });
    await world.until('the user name is back', async () =>
      (await world.require(secrets, 'shop-admin')).data?.['username'] === undefined ? undefined : true,
    );
    expect((await world.passwords(CLUSTER))['shop-admin']).toBe('b3du');
  });
});

/** What the operator decides of an object. */
function described(object: KubernetesObject): unknown {
  const { spec, data, ...rest } = object as KubernetesObject & { spec?: unknown; data?: unknown };
  const { labels = {}, ownerReferences } = rest.metadata ?? {};
  const sortedLabels = Object.entries(labels).toSorted(([a], [b]) => a.localeCompare(b));
  const automount = 'automountServiceAccountToken' in rest ? rest.automountServiceAccountToken : undefined;
  return { spec, data, labels: sortedLabels, ownerReferences, automount };
}
