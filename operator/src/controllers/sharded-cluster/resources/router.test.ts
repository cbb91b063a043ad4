import { describe, expect, it } from '@jest/globals';
import { aCluster } from '../testing/builders.ts';
import { wantedCertificates } from './certificates.ts';
import { routerDisruptionBudget, routerRole, routerServiceAccount } from './router-access.ts';
import { countRouters, routerDeployment, wantsRouters } from './router-deployment.ts';
import { applicationService } from './router-service.ts';
import { applicationSecret, routerSecret } from './secret.ts';
import { agentSettings } from './agent-settings.ts';

type Spec = NonNullable<Parameters<typeof aCluster>[0]>;

const keyspaces: Spec['keyspaces'] = [{ name: 'app' }];
const labels = {
  'app.kubernetes.io/name': 'shardwright',
  'app.kubernetes.io/component': 'router',
  'shardwright.io/cluster': 'demo',
};

function build(spec: Spec = {}) {
  return routerDeployment(aCluster({ keyspaces, ...spec }), 'shardwright:1').object;
}

const podOf = (spec?: Spec) => build(spec).spec?.template.spec;
const containerOf = (spec?: Spec) => podOf(spec)?.containers[0];

describe('routers', () => {
  it.each([
    ['a keyspace', { keyspaces }, true],
    ['none', {}, false],
    ['a keyspace and no replicas', { keyspaces, router: { replicas: 0 } }, false],
  ] as const)('are there with %s: %j', (_, spec, expected) => {
    expect(wantsRouters(aCluster(spec as Spec))).toBe(expected);
  });

  it('are replaced one by one, each by one that is ready', () => {
    expect(build({ router: { replicas: 3 } }).spec).toMatchObject({
      replicas: 3,
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      selector: { matchLabels: labels },
      template: { metadata: { labels } },
    });
    expect(build({ hibernated: true }).spec?.replicas).toBe(0);
  });

  it('are told the spec by their command line, and no secret', () => {
    expect(containerOf()?.args).toEqual([
      'router',
      '--cluster=demo',
      '--max-connections=5000',
      '--idle-timeout-seconds=28800',
      '--hold-seconds=10',
      '--max-lag-seconds=5',
    ]);
    const args = containerOf({
      router: { maxConnections: 10, idleTimeoutSeconds: 60, holdSeconds: 0 },
      readService: { maxLagSeconds: 2 },
      tls: { required: true },
    })?.args;
    expect(args?.slice(2)).toEqual([
      '--max-connections=10',
      '--idle-timeout-seconds=60',
      '--hold-seconds=0',
      '--max-lag-seconds=2',
      '--require-tls',
    ]);
  });

  it('fit the restricted Pod Security level', () => {
    expect(podOf()).toMatchObject({
      serviceAccountName: 'demo-router',
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(containerOf()?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('mount every volume they have, each once, and write only where nothing is given', () => {
    const mounts = containerOf()?.volumeMounts ?? [];
    expect(mounts.map(({ name }) => name).toSorted()).toEqual(
      (podOf()?.volumes ?? []).map(({ name }) => name).toSorted(),
    );
    expect(mounts.filter(({ readOnly }) => readOnly !== true).map(({ name }) => name)).toEqual([
      'memory',
      'tmp',
    ]);
  });

  it('show the certificate of the user, or that of the cluster', () => {
    const certificate = (spec?: Spec) =>
      podOf(spec)?.volumes?.find(({ name }) => name === 'tls')?.secret?.secretName;
    expect(certificate()).toBe('demo-router-tls');
    expect(certificate({ tls: { serverCertificateSecretRef: { name: 'shop-tls' } } })).toBe('shop-tls');
  });

  it('are kept apart where that is possible', () => {
    const [preferred] =
      podOf()?.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    expect(preferred?.podAffinityTerm?.labelSelector?.matchLabels).toEqual(labels);
    expect(podOf()?.topologySpreadConstraints?.[0]).toMatchObject({ whenUnsatisfiable: 'ScheduleAnyway' });
  });

  it('take connections of every address, port and class that the spec asks for', () => {
    const service = {
      type: 'LoadBalancer',
      annotations: { 'example.com/internal': 'true' },
      loadBalancerClass: 'example.com/internal',
      loadBalancerSourceRanges: ['10.0.0.0/8'],
    } as const;
    const { metadata, spec } = applicationService(
      aCluster({ keyspaces, router: { service: { ...service, loadBalancerSourceRanges: ['10.0.0.0/8'] } } }),
    ).object;
    expect(metadata).toMatchObject({ name: 'demo', annotations: service.annotations });
    expect(spec).toMatchObject({
      type: 'LoadBalancer',
      loadBalancerClass: 'example.com/internal',
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      selector: labels,
      ports: [{ port: 3306, targetPort: 'mysql' }],
    });
    expect(applicationService(aCluster({ keyspaces })).object.spec).not.toHaveProperty('loadBalancerClass');
  });

  it('stand where the Secret of the application says', () => {
    const cluster = aCluster({ keyspaces });
    const { data } = applicationSecret(cluster, undefined, () => 'p').object;
    const host = Buffer.from(data?.['host'] ?? '', 'base64').toString();
    expect(host).toBe(`${applicationService(cluster).object.metadata?.name}.test.svc`);
  });

  it('may read the one map, and nothing else', () => {
    const cluster = aCluster({ keyspaces });
    expect(routerRole(cluster).object.rules).toEqual([
      {
        apiGroups: ['shardwright.io'],
        resources: ['shardmaps'],
        resourceNames: ['demo'],
        verbs: ['get', 'list', 'watch'],
      },
    ]);
    expect(routerServiceAccount(cluster).object.automountServiceAccountToken).toBe(false);
  });

  it('are evicted one at a time; a single one may go', () => {
    const budgets = (replicas: number) =>
      routerDisruptionBudget(aCluster({ keyspaces, router: { replicas } }));
    expect(budgets(2).map(({ object }) => object.spec)).toEqual([
      { maxUnavailable: 1, selector: { matchLabels: labels } },
    ]);
    expect(budgets(1)).toEqual([]);
  });

  it('keep their secrets, whoever set them', () => {
    const cluster = aCluster({ keyspaces });
    const made = routerSecret(cluster, undefined, () => 'made').object;
    const kept = routerSecret(cluster, made, () => {
      throw new Error('made up a password');
    }).object;
    expect(kept.data).toEqual(made.data);
    expect(Object.keys(made.data ?? {}).toSorted()).toEqual(['key', 'password', 'username']);
  });

  it('have a certificate for the names of their Service, which makes them nobody’s peer', () => {
    const ofRouters = (spec: Spec) =>
      wantedCertificates(aCluster(spec), [0]).find(({ name }) => name === 'demo-router-tls');
    expect(ofRouters({ keyspaces })).toMatchObject({
      dnsNames: ['demo', 'demo.test', 'demo.test.svc', 'demo.test.svc.cluster.local', 'localhost'],
      uris: [],
      usages: ['server'],
    });
    expect(ofRouters({})).toBeUndefined();
  });

  it('leave the application’s account to the operator’s own word', () => {
    const purposes = (spec: Spec) => agentSettings(aCluster(spec)).accounts.map(({ purpose }) => purpose);
    expect(purposes({})).toContain('application');
    expect(purposes({ keyspaces })).not.toContain('application');
  });
});

describe('countRouters', () => {
  const cluster = aCluster({ keyspaces });
  const rolledOut = { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' };
  const live = (status: object) => ({ metadata: { generation: 2 }, status });

  it.each([
    ['nothing is there yet', undefined, { wanted: 2, available: 0, isRollingOut: true }],
    [
      'a router was lost',
      live({ observedGeneration: 2, availableReplicas: 1, conditions: [rolledOut] }),
      { wanted: 2, available: 1, isRollingOut: false },
    ],
    [
      'a change was not seen yet',
      live({ observedGeneration: 1, availableReplicas: 2, conditions: [rolledOut] }),
      { wanted: 2, available: 2, isRollingOut: true },
    ],
  ])('%s', (_, deployment, expected) => {
    expect(countRouters(cluster, deployment)).toEqual(expected);
  });

  it('counts none where none are asked for', () => {
    expect(countRouters(aCluster(), undefined)).toBeNull();
    expect(countRouters(aCluster({ keyspaces, hibernated: true }), undefined)).toBeNull();
  });
});
