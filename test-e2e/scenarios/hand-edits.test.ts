/** What people add, contradict or take away by hand on a real cluster, and that everything is put right. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KubernetesObject, ResourceType } from '../../operator/src/runtime/objects.ts';
import {
  configMaps,
  podDisruptionBudgets,
  pods,
  secrets,
  services,
  statefulSets,
} from '../../operator/src/runtime/resources.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'edited';
const SET = 'edited-shard-0';
let world: World;

beforeAll(async () => {
  world = await World.open('hand-edits');
  await world.startOperator();
  await world.createCluster(CLUSTER, { shards: 1 });
  await world.untilReady(CLUSTER);
});

afterAll(async () => {
  await world?.close();
});

interface Edit {
  readonly type: ResourceType<KubernetesObject>;
  readonly name: string;
  readonly what: string;
  readonly patch: object;
}

const template = (change: object) => ({ spec: { template: change } });

const ADDITIONS: readonly Edit[] = [
  { type: statefulSets, name: SET, what: 'ordinals', patch: { spec: { ordinals: { start: 5 } } } },
  { type: statefulSets, name: SET, what: 'minReadySeconds', patch: { spec: { minReadySeconds: 600 } } },
  { type: statefulSets, name: SET, what: 'host network', patch: template({ spec: { hostNetwork: true } }) },
  {
    type: statefulSets,
    name: SET,
    what: 'label of pods',
    patch: template({ metadata: { labels: { team: 'x' } } }),
  },
  {
    type: services,
    name: `${SET}-replicas`,
    what: 'addresses that are not ready',
    patch: { spec: { publishNotReadyAddresses: true } },
  },
  {
    type: services,
    name: `${SET}-primary`,
    what: 'session affinity',
    patch: { spec: { sessionAffinity: 'ClientIP' } },
  },
  {
    type: services,
    name: `${SET}-primary`,
    what: 'external addresses',
    patch: { spec: { externalIPs: ['192.0.2.1'] } },
  },
  {
    type: services,
    name: `${SET}-primary`,
    what: 'another port',
    patch: { spec: { ports: [{ name: 'mysql', port: 3307, targetPort: 'mysql', protocol: 'TCP' }] } },
  },
  {
    type: podDisruptionBudgets,
    name: `${SET}-primary`,
    what: 'two limits',
    patch: { spec: { minAvailable: null, maxUnavailable: 1 } },
  },
  { type: configMaps, name: 'edited-config', what: 'another file', patch: { data: { 'extra.cnf': 'x' } } },
  { type: secrets, name: 'edited-app', what: 'another key', patch: { data: { extra: 'eA==' } } },
];

describe('what is added by hand goes', () => {
  it.each(ADDITIONS)('$type.kind $name: $what', async ({ type, name, patch }) => {
    await world.untilSettled(CLUSTER);
    const before = await world.require(type, name);
    await world.patch(type, name, patch);
    const after = await world.until('it is as before', async () => {
      const now = await world.require(type, name);
      return JSON.stringify(content(now)) === JSON.stringify(content(before)) ? now : undefined;
    });
    expect(after.metadata?.uid).toBe(before.metadata?.uid);
  });

  it('another container of the template', async () => {
    const before = await world.require(statefulSets, SET);
    const container = { name: 'extra', image: 'extra:1' };
    const containers = [...(before.spec?.template.spec?.containers ?? []), container];
    await world.patch(statefulSets, SET, template({ spec: { containers } }));
    const after = await world.until('it has gone', async () => {
      const now = await world.require(statefulSets, SET);
      return JSON.stringify(now.spec) === JSON.stringify(before.spec) ? now : undefined;
    });
    expect(after.metadata?.uid).toBe(before.metadata?.uid);
  });

  it('but not an annotation of the template, by which tools restart', async () => {
    const annotations = { 'kubectl.kubernetes.io/restartedAt': 'now' };
    await world.patch(statefulSets, SET, template({ metadata: { annotations } }));
    await world.patch(statefulSets, SET, { spec: { minReadySeconds: 1 } });
    const { spec } = await world.until('the other edit has gone', async () => {
      const now = await world.require(statefulSets, SET);
      return now.spec?.minReadySeconds === undefined ? now : undefined;
    });
    expect(spec?.template.metadata?.annotations).toMatchObject(annotations);
  });
});

describe('what cannot be changed any more is made again, as it was', () => {
  it.each<Edit>([
    {
      type: configMaps,
      name: 'edited-config',
      what: 'ConfigMap',
      patch: { immutable: true, data: { 'settings.json': 'x' } },
    },
    { type: secrets, name: 'edited-app', what: 'Secret', patch: { immutable: true, data: { host: 'eA==' } } },
  ])('an immutable $what', async ({ type, name, patch }) => {
    const before = await world.require(type, name);
    await world.patch(type, name, patch);
    await world.until('it is as before', async () => {
      const now = await world.get(type, name);
      return now !== undefined && JSON.stringify(content(now)) === JSON.stringify(content(before))
        ? true
        : undefined;
    });
    expect((await world.require(type, name)).metadata?.uid).not.toBe(before.metadata?.uid);
    await world.untilCondition(CLUSTER, 'Degraded', 'False/AsExpected');
  });
});

describe('labels of a pod that are removed come back, and the Service finds it again', () => {
  it.each(['shardwright.io/cluster', 'shardwright.io/shard', 'app.kubernetes.io/component'])(
    '%s',
    async (label) => {
      const name = `${SET}-0`;
      const { metadata } = await world.require(pods, name);
      await world.patch(pods, name, { metadata: { labels: { [label]: null } } });
      await world.until('the label is back', async () =>
        (await world.require(pods, name)).metadata?.labels?.[label] === metadata?.labels?.[label]
          ? true
          : undefined,
      );
      expect((await world.require(pods, name)).metadata?.uid).toBe(metadata?.uid);
      await world.untilReady(CLUSTER);
    },
  );
});

/** What the operator decides of an object, and what others must not add to. */
function content(object: KubernetesObject): unknown {
  const { spec, data } = object as KubernetesObject & { spec?: unknown; data?: unknown };
  return { spec, data };
}
