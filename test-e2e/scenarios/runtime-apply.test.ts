/** Server-side apply against a real API server: quiet when nothing changed, one request when anything did. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type {
  ApiClient,
  Connection,
  KubernetesObject,
  ResourceType,
} from '../../operator/src/runtime/index.ts';
import {
  configMaps,
  connect,
  createApplier,
  createInformer,
  defineResource,
  podDisruptionBudgets,
  secrets,
  services,
  silentLogger,
  statefulSets,
  systemClock,
} from '../../operator/src/runtime/index.ts';
import type { ControlPlane } from '../cluster/control-plane/index.ts';
import { startControlPlane } from '../cluster/control-plane/index.ts';
import { eventually } from '../install/eventually.ts';

const signal = new AbortController().signal;
const namespace = 'default';
const fieldManager = 'runtime-test';

/** Any object, so that literals need not be instances of client-node's classes. */
interface AnyObject extends KubernetesObject {
  readonly [field: string]: unknown;
}
type AnyType = ResourceType<AnyObject>;

const crds = defineResource<AnyObject>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
});
const gadgets = defineResource<AnyObject>({
  group: 'example.org',
  version: 'v1',
  kind: 'Gadget',
  plural: 'gadgets',
  namespaced: true,
});

const podTemplate = {
  metadata: { labels: { app: 'database' } },
  spec: {
    hostNetwork: false,
    securityContext: { fsGroup: 999 },
    initContainers: [
      { name: 'copy', image: 'example.org/copy:1', args: ['a', 'b'], restartPolicy: 'Always' },
    ],
    containers: [
      {
        name: 'mariadb',
        image: 'example.org/mariadb:1',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        ],
        ports: [{ name: 'mysql', containerPort: 3306 }],
        resources: { requests: { cpu: '1000m', memory: '1024Mi' }, limits: { memory: 1073741824 } },
        readinessProbe: { httpGet: { path: '/ready', port: 'mysql' } },
        volumeMounts: [
          { name: 'data', mountPath: '/data' },
          { name: 'scratch', mountPath: '/tmp' },
        ],
      },
      { name: 'agent', image: 'example.org/agent:1', command: undefined },
    ],
    tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }],
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { app: 'database' } },
      },
    ],
    volumes: [{ name: 'scratch', emptyDir: { sizeLimit: '1024Mi' } }],
  },
};

interface Case {
  readonly name: string;
  readonly type: AnyType;
  readonly desired: AnyObject;
}

const statefulSet: Case = {
  name: 'StatefulSet',
  type: statefulSets as unknown as AnyType,
  desired: {
    metadata: { namespace, name: 'shard', labels: { app: 'database' } },
    spec: {
      replicas: 0,
      serviceName: 'shard',
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'OnDelete' },
      selector: { matchLabels: { app: 'database' } },
      template: podTemplate,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain' },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1024Mi' } } },
        },
      ],
    },
  },
};

const configMap: Case = {
  name: 'ConfigMap',
  type: configMaps as unknown as AnyType,
  desired: {
    metadata: { namespace, name: 'shard', annotations: {} },
    data: { 'my.cnf': '[mysqld]\n', empty: '' },
  },
};

const cases: readonly Case[] = [
  statefulSet,
  configMap,
  {
    name: 'Service',
    type: services as unknown as AnyType,
    desired: {
      metadata: { namespace, name: 'shard' },
      spec: {
        clusterIP: 'None',
        publishNotReadyAddresses: true,
        selector: { app: 'database' },
        ports: [
          { name: 'mysql', port: 3306, targetPort: 'mysql' },
          { name: 'agent', port: 8443 },
        ],
      },
    },
  },
  {
    name: 'Secret',
    type: secrets as unknown as AnyType,
    desired: {
      metadata: {
        namespace,
        name: 'shard',
        ownerReferences: [
          { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: 'a-uid', controller: true },
        ],
        finalizers: ['example.org/keep'],
      },
      type: 'Opaque',
      data: { password: Buffer.from('secret').toString('base64') },
    },
  },
  {
    name: 'PodDisruptionBudget',
    type: podDisruptionBudgets as unknown as AnyType,
    desired: {
      metadata: { namespace, name: 'shard' },
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'database' } } },
    },
  },
  {
    name: 'custom resource',
    type: gadgets,
    desired: {
      metadata: { namespace, name: 'one' },
      spec: { size: 0, enabled: false, parts: [{ id: 'a', weight: 1 }, { id: 'b' }], notes: ['x', 'y'] },
    },
  },
];

describe('server-side apply', () => {
  let controlPlane: ControlPlane;
  let connection: Connection;
  let client: ApiClient;
  let patches = 0;

  beforeAll(async () => {
    controlPlane = await startControlPlane();
    connection = await connect({
      kubeconfigPath: controlPlane.kubeconfigPath,
      userAgent: 'runtime-test/1',
      metrics: {
        requestFinished: (method) => {
          patches += method === 'PATCH' ? 1 : 0;
        },
        connectionOpened: () => undefined,
      },
    });
    client = connection.client;
    await client.apply(crds, gadgetDefinition(), { fieldManager, force: true }, signal);
    await eventually(
      () => client.list(gadgets, {}, signal),
      () => true,
    );
  });

  afterAll(async () => {
    await connection?.close();
    await controlPlane?.stop();
  });

  /** Applies once more with fresh eyes; returns the number of requests that took. */
  async function patchesOf(work: () => Promise<unknown>): Promise<number> {
    const before = patches;
    await work();
    return patches - before;
  }

  describe.each(cases)('$name', ({ type, desired }) => {
    const key = { namespace, name: desired.metadata?.name ?? '' };
    let applier: ReturnType<typeof createApplier>;

    const live = async (): Promise<AnyObject> => {
      const object = await client.get(type, key, signal);
      if (object === undefined) {
        throw new Error('the object is gone');
      }
      return object;
    };

    beforeAll(async () => {
      applier = createApplier({ client, fieldManager });
      await applier.apply(type, desired, undefined, signal);
    });

    it('sends nothing the second time', async () => {
      const seen = await live();
      expect(await patchesOf(() => applier.apply(type, desired, seen, signal))).toBe(0);
    });

    it('is quiet after at most one request by an applier that remembers nothing', async () => {
      const fresh = createApplier({ client, fieldManager });
      const seen = await live();
      const first = await fresh.apply(type, desired, seen, signal);
      expect(first.changed).toBe(false);
      const again = await live();
      expect(await patchesOf(() => fresh.apply(type, desired, again, signal))).toBe(0);
    });

    it('leaves the fields of others alone', async () => {
      const annotations = { 'example.org/foreign': 'yes' };
      await client.mergePatch(type, key, { metadata: { annotations } }, {}, signal);
      const seen = await live();
      expect(await patchesOf(() => applier.apply(type, desired, seen, signal))).toBe(0);
      expect((await live()).metadata?.annotations).toEqual(annotations);
    });

    it('does not fall for a cache that lags behind its own write', async () => {
      const seen = await live();
      const labelled = withLabel(desired, 'example.org/step', 'one');
      await applier.apply(type, labelled, seen, signal);
      expect(await patchesOf(() => applier.apply(type, labelled, seen, signal))).toBe(0);
      const back = await applier.apply(type, desired, await live(), signal);
      expect(back.changed).toBe(true);
      expect(back.object.metadata?.labels?.['example.org/step']).toBeUndefined();
    });
  });

  describe('repairs with exactly one request', () => {
    it.each([
      ['a changed scalar', { spec: { replicas: 5 } }],
      ['a label taken away', { metadata: { labels: null } }],
      [
        'another image',
        { spec: { template: { spec: { containers: [{ name: 'agent', image: 'example.org/bad:1' }] } } } },
      ],
      [
        'a toleration added to an atomic list',
        { spec: { template: { spec: { tolerations: [{ operator: 'Exists' }] } } } },
      ],
      ['a selector label added', { spec: { template: { metadata: { labels: { app: 'database' } } } } }],
    ])('%s', async (_name, patch) => {
      const applier = createApplier({ client, fieldManager });
      const { type, desired } = statefulSet;
      const key = { namespace, name: 'shard' };
      const ours = await applier.apply(type, desired, undefined, signal);
      const edited = await client.mergePatch(type, key, patch, {}, signal);
      const isEdited = edited.metadata?.resourceVersion !== ours.object.metadata?.resourceVersion;
      expect(await patchesOf(() => applier.apply(type, desired, edited, signal))).toBe(isEdited ? 1 : 0);
      const repaired = await client.get(type, key, signal);
      expect(await patchesOf(() => applier.apply(type, desired, repaired, signal))).toBe(0);
      expect(withoutVersions(repaired)).toEqual(withoutVersions(ours.object));
    });
  });

  it('works from a cache that keeps no managedFields', async () => {
    const stop = new AbortController();
    const informer = createInformer({
      client,
      type: configMaps as unknown as AnyType,
      clock: systemClock,
      logger: silentLogger,
      namespaces: [namespace],
      fieldManager,
    });
    const running = informer.run(stop.signal);
    try {
      await informer.whenSynced(signal);
      const cached = informer.get({ namespace, name: 'shard' });
      expect(cached?.metadata?.managedFields).toBeUndefined();
      const applier = createApplier({ client, fieldManager });
      expect(await patchesOf(() => applier.apply(configMap.type, configMap.desired, cached, signal))).toBe(0);
    } finally {
      stop.abort(new Error('done'));
      await running;
    }
  });
});

function withLabel(object: AnyObject, name: string, value: string): AnyObject {
  return {
    ...object,
    metadata: { ...object.metadata, labels: { ...object.metadata?.labels, [name]: value } },
  };
}

/** What is the same for an object that was repaired as for one never touched. */
function withoutVersions(object: AnyObject | undefined): unknown {
  const {
    resourceVersion: _version,
    generation: _generation,
    managedFields: _fields,
    ...metadata
  } = object?.metadata ?? {};
  return { ...object, metadata };
}

function gadgetDefinition(): AnyObject {
  return {
    metadata: { name: 'gadgets.example.org' },
    spec: {
      group: 'example.org',
      scope: 'Namespaced',
      names: { kind: 'Gadget', plural: 'gadgets' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: {
                  type: 'object',
                  properties: {
                    size: { type: 'integer' },
                    enabled: { type: 'boolean' },
                    color: { type: 'string', default: 'red' },
                    notes: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
                    parts: {
                      type: 'array',
                      'x-kubernetes-list-type': 'map',
                      'x-kubernetes-list-map-keys': ['id'],
                      items: {
                        type: 'object',
                        required: ['id'],
                        properties: {
                          id: { type: 'string' },
                          weight: { type: 'integer', default: 10 },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      ],
    },
  };
}
