import { describe, expect, it } from '@jest/globals';
import { controllerReference } from '../../../runtime/owners.ts';
import { shardedClusters } from '../resource-types.ts';
import { aCluster } from '../testing/builders.ts';
import { agentSettings } from './agent-settings.ts';
import { podDisruptionBudgetsOf } from './pod-disruption-budget.ts';
import { configHash, podTemplate } from './pod-template.ts';
import { adminSecret, applicationSecret } from './secret.ts';
import { headlessService, primaryService, replicasService } from './service.ts';
import { shardMapDiffers, shardMapObject } from './shard-map.ts';
import { statefulSet, volumeSizeOf } from './stateful-set.ts';

const cluster = aCluster();
const selector = {
  'app.kubernetes.io/name': 'shardwright',
  'app.kubernetes.io/component': 'database',
  'shardwright.io/cluster': 'demo',
  'shardwright.io/shard': '1',
};
const image = 'shardwright:1';

function build(spec = {}) {
  return statefulSet(aCluster(spec), { number: 1, replicas: 3, image, live: undefined }).object;
}

function podSpec(spec = {}) {
  return podTemplate(aCluster(spec), 1, image).spec;
}

function values({ data = {} }: { data?: Record<string, string> }) {
  return Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]),
  );
}

function never(): never {
  throw new Error('made up a password');
}

function ownersOfSecret(deletionPolicy: 'Retain' | 'Delete') {
  return adminSecret(aCluster({ deletionPolicy }), undefined, () => 'p').object.metadata?.ownerReferences;
}

describe('StatefulSets', () => {
  it('start pods together, restart none by themselves, and keep volumes whatever the policy', () => {
    expect(build().metadata).toMatchObject({
      name: 'demo-shard-1',
      labels: selector,
      ownerReferences: [
        { kind: 'ShardedCluster', uid: 'uid-of-demo', controller: true, blockOwnerDeletion: true },
      ],
    });
    expect(build().spec).toMatchObject({
      replicas: 3,
      serviceName: 'demo-shard-1',
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'OnDelete' },
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Retain', whenDeleted: 'Retain' },
      selector: { matchLabels: selector },
    });
    expect(build({ deletionPolicy: 'Delete' }).spec?.persistentVolumeClaimRetentionPolicy).toEqual({
      whenScaled: 'Retain',
      whenDeleted: 'Retain',
    });
  });

  it('keep the volume claims they have', () => {
    const live = build({ storage: { size: '5Gi', storageClassName: 'fast' } });
    const { object } = statefulSet(aCluster({ storage: { size: '9Gi' } }), {
      number: 1,
      replicas: 3,
      image,
      live,
    });
    expect(object.spec?.volumeClaimTemplates).toEqual(live.spec?.volumeClaimTemplates);
    expect(volumeSizeOf(object)).toBe('5Gi');
    expect(live.spec?.volumeClaimTemplates?.[0]?.spec?.storageClassName).toBe('fast');
  });
});

describe('pods', () => {
  it('fit the restricted Pod Security level and write nowhere but to volumes', () => {
    expect(podSpec()?.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 999,
      runAsGroup: 999,
      fsGroup: 999,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(podSpec()?.containers[0]?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(podSpec()).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
  });

  it('have no role before the map gives them one', () => {
    expect(podTemplate(cluster, 1, image).metadata?.labels).not.toHaveProperty('shardwright.io/role');
  });

  it.each([
    ['Preferred', 'preferredDuringSchedulingIgnoredDuringExecution'],
    ['Required', 'requiredDuringSchedulingIgnoredDuringExecution'],
  ] as const)('are kept on different nodes: %s', (podAntiAffinity, field) => {
    const apart = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: selector } };
    expect(podSpec({ podAntiAffinity })?.affinity?.podAntiAffinity?.[field]).toEqual([
      podAntiAffinity === 'Required' ? apart : { weight: 100, podAffinityTerm: apart },
    ]);
  });

  it('take the affinity of the user beside ours, or alone when ours is switched off', () => {
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{}] } };
    const term = { topologyKey: 'rack' };
    const affinity = {
      nodeAffinity,
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
    };
    expect(podSpec({ affinity })?.affinity).toMatchObject({
      nodeAffinity,
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [term],
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100 }],
      },
    });
    expect(podSpec({ affinity, podAntiAffinity: 'Disabled' })?.affinity).toEqual(affinity);
    expect(podSpec({ podAntiAffinity: 'Disabled' })).not.toHaveProperty('affinity');
  });

  it('are spread over zones unless the user says how', () => {
    const zone = {
      maxSkew: 1,
      topologyKey: 'topology.kubernetes.io/zone',
      whenUnsatisfiable: 'ScheduleAnyway',
    };
    const labelSelector = { matchLabels: selector };
    expect(podSpec()?.topologySpreadConstraints).toEqual([{ ...zone, labelSelector }]);
    const strict = { ...zone, whenUnsatisfiable: 'DoNotSchedule' as const };
    expect(podSpec({ topologySpreadConstraints: [strict] })?.topologySpreadConstraints).toEqual([
      { ...strict, labelSelector },
    ]);
  });

  it('take tolerations, node selector, priority, pull secrets and resources as given', () => {
    const spec = {
      tolerations: [{ key: 'db', operator: 'Exists' as const }],
      nodeSelector: { disk: 'ssd' },
      priorityClassName: 'high',
      imagePullSecrets: [{ name: 'registry' }],
    };
    const resources = { requests: { cpu: 1, memory: '1Gi' }, limits: { memory: '1Gi' } };
    expect(podSpec(spec)).toMatchObject(spec);
    expect(podSpec({ resources })?.containers[0]?.resources).toEqual({
      requests: { cpu: '1', memory: '1Gi' },
      limits: { memory: '1Gi' },
    });
  });
});

describe('Services', () => {
  it('let members find each other before they are ready', () => {
    expect(headlessService(cluster, 1).object).toMatchObject({
      metadata: { name: 'demo-shard-1' },
      spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector },
    });
  });

  it('lead to ready pods of one role', () => {
    expect(primaryService(cluster, 1).object).toMatchObject({
      metadata: { name: 'demo-shard-1-primary' },
      spec: {
        selector: { ...selector, 'shardwright.io/role': 'primary' },
        ports: [{ name: 'mysql', port: 3306, targetPort: 'mysql', protocol: 'TCP' }],
      },
    });
    expect(replicasService(cluster, 1, 'replica').object).toMatchObject({
      metadata: { name: 'demo-shard-1-replicas' },
      spec: { selector: { ...selector, 'shardwright.io/role': 'replica' } },
    });
  });
});

describe('PodDisruptionBudgets', () => {
  it.each([
    [1, []],
    [
      2,
      [
        ['primary', 1],
        ['replica', 0],
      ],
    ],
    [
      3,
      [
        ['primary', 1],
        ['replica', 1],
      ],
    ],
    [
      5,
      [
        ['primary', 1],
        ['replica', 3],
      ],
    ],
  ])('of %i instances', (instances, expected) => {
    const budgets = podDisruptionBudgetsOf(cluster, 1, instances, false).map(({ object }) => object.spec);
    expect(
      budgets.map((spec) => [spec?.selector?.matchLabels?.['shardwright.io/role'], spec?.minAvailable]),
    ).toEqual(expected);
  });

  it('let a primary go that can hand over', () => {
    const budgets = podDisruptionBudgetsOf(cluster, 1, 3, true).map(
      ({ object }) => object.spec?.minAvailable,
    );
    expect(budgets).toEqual([0, 1]);
  });
});

describe('Secrets', () => {
  it('have what an application needs', () => {
    expect(values(applicationSecret(cluster, undefined, () => 'p/w').object)).toEqual({
      username: 'app',
      password: 'p/w',
      host: 'demo.test.svc',
      port: '3306',
      uri: 'mysql://app:p%2Fw@demo.test.svc:3306/',
    });
  });

  it('keep a password that exists and complete what is missing', () => {
    const live = { data: { password: Buffer.from('kept').toString('base64') } };
    expect(values(applicationSecret(cluster, live, never).object)).toMatchObject({
      password: 'kept',
      port: '3306',
    });
    expect(values(adminSecret(cluster, live, never).object)).toEqual({
      username: 'shardwright_admin',
      password: 'kept',
    });
    expect(values(adminSecret(cluster, { data: { password: '' } }, () => 'new').object)).toMatchObject({
      password: 'new',
    });
  });

  it.each(['Retain', 'Delete'] as const)('are never owned by the cluster, under %s', (policy) => {
    expect(ownersOfSecret(policy)).toBeUndefined();
  });
});

describe('the settings of agents', () => {
  it('say what the spec says', () => {
    const spec = { config: 'a = 1', resources: { limits: { memory: '1Gi' } }, tls: { required: true } };
    expect(agentSettings(aCluster(spec))).toMatchObject({
      engine: { type: 'MariaDB', version: '11.8' },
      configuration: 'a = 1',
      memoryBytes: 1024 ** 3,
      maxLagSeconds: 5,
      fenceSeconds: 1,
      cloneBytesPerSecond: 250_000_000,
      accounts: [
        { purpose: 'application', requireTls: true, schemas: ['app*'] },
        { purpose: 'administration', requireTls: true },
        { purpose: 'replication', requireTls: true },
        { purpose: 'monitoring', requireTls: true },
      ],
    });
  });

  it('change the hash on the pods with the configuration', () => {
    expect(configHash(aCluster({ config: 'a = 1' }))).not.toBe(configHash(aCluster()));
  });
});

describe('the ShardMap', () => {
  const spec = { revision: 1, shards: [] };

  it('keeps what others have put on it', () => {
    const live = shardMapObject(cluster, spec, undefined);
    const marked = {
      ...live,
      metadata: { ...live.metadata, resourceVersion: '7', labels: { ...live.metadata.labels, team: 'a' } },
    };
    expect(shardMapDiffers(marked, shardMapObject(cluster, spec, marked))).toBe(false);
    expect(shardMapObject(cluster, spec, marked).metadata.resourceVersion).toBe('7');
    const unlabelled = { ...marked, metadata: { ...marked.metadata, labels: {} } };
    expect(shardMapDiffers(unlabelled, shardMapObject(cluster, spec, unlabelled))).toBe(true);
  });

  it('is never owned by the cluster, and freed of any controller', () => {
    const deleted = aCluster({ deletionPolicy: 'Delete' });
    const free = shardMapObject(deleted, spec, undefined);
    expect(free.metadata.ownerReferences).toBeUndefined();
    const ownerReferences = [controllerReference(shardedClusters, deleted)];
    const owned = { ...free, metadata: { ...free.metadata, ownerReferences } };
    expect(shardMapObject(deleted, spec, owned).metadata.ownerReferences).toBeUndefined();
  });
});
