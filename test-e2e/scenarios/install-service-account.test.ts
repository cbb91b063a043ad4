/** The operator does all its work with the permissions the chart gives it, asks for no other and uses each. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startControlPlane } from '../cluster/control-plane/index.ts';
import type { ControlPlane } from '../cluster/control-plane/index.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { applyDefinitions } from '../install/definitions.ts';
import { eventually } from '../install/eventually.ts';
import { grantedPermissions } from '../install/granted-permissions.ts';
import { chartFolder, createHelm } from '../install/helm.ts';
import { createKubectl } from '../install/kubectl.ts';
import type { Kubectl } from '../install/kubectl.ts';
import { writeServiceAccountKubeconfig } from '../install/service-account-kubeconfig.ts';
import { startLocalOperator } from '../operator/local-operator.ts';
import type { LocalOperator } from '../operator/local-operator.ts';
import { permissionsOf } from '../operator/recorded-permissions.ts';

interface Listed {
  readonly items: readonly { readonly kind: string; readonly metadata: { readonly name: string } }[];
}

const minimal = readFileSync(join(checkoutFolder, 'examples/minimal.yaml'), 'utf8');
const SHARDS = ['StatefulSet/minimal-shard-0', 'StatefulSet/minimal-shard-1', 'ShardMap/minimal'];
const OWNED =
  'statefulsets,deployments,services,configmaps,secrets,serviceaccounts,poddisruptionbudgets,shardmaps';

let controlPlane: ControlPlane;
let kubectl: Kubectl;

beforeAll(async () => {
  controlPlane = await startControlPlane({ components: ['controller-manager'] });
  kubectl = await createKubectl(controlPlane.kubeconfigPath);
  await applyDefinitions(kubectl);
});

afterAll(async () => {
  await controlPlane?.stop();
});

function requestLog(namespace: string): string {
  return join(controlPlane.directory, `${namespace}-requests`);
}

/** What the operator of that namespace has used, as `group/resource verb`. */
function usedPermissions(namespace: string): Set<string> {
  const lines = readFileSync(requestLog(namespace), 'utf8').trim().split('\n');
  return new Set(lines.flatMap(permissionsOf));
}

/** Installs the chart, for all namespaces or the one to be watched, and starts its operator. */
async function install(namespace: string, watched?: string): Promise<LocalOperator> {
  const helm = await createHelm(controlPlane.kubeconfigPath);
  // No pod of it: the process started below takes their place, under their identity.
  await helm.run([
    'install',
    'shardwright',
    chartFolder,
    `--namespace=${namespace}`,
    '--create-namespace',
    '--set=replicas=0',
    '--set=crds.install=false',
    ...(watched === undefined ? [] : [`--set=watchNamespace=${watched}`]),
  ]);
  const account = { namespace, name: 'shardwright-operator' };
  await untilAllowed(account, watched ?? namespace);
  return startLocalOperator({
    kubeconfigPath: await writeServiceAccountKubeconfig(kubectl, account, controlPlane.directory),
    extraArguments: [
      '--leader-elect=true',
      ...(watched === undefined ? [] : [`--watch-namespace=${watched}`]),
    ],
    environment: {
      NODE_OPTIONS: `--import=${new URL('../operator/record-requests.ts', import.meta.url).href}`,
      SHARDWRIGHT_REQUEST_LOG: requestLog(namespace),
    },
  });
}

/** The API server answers by what it has last seen of roles and bindings, and these have only just been made. */
async function untilAllowed(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  watched: string,
): Promise<void> {
  for (const [verb, resource, where] of [
    ['list', 'shardedclusters.shardwright.io', watched],
    ['update', 'leases.coordination.k8s.io/shardwright-operator', namespace],
  ] as const) {
    await waitFor(
      `${name} of ${namespace} to be allowed to ${verb} ${resource}`,
      () =>
        kubectl.run([
          'auth',
          'can-i',
          verb,
          resource,
          `--as=system:serviceaccount:${namespace}:${name}`,
          `--namespace=${where}`,
        ]),
      {
        timeoutMilliseconds: 120_000,
      },
    );
  }
}

async function ownedNames(namespace: string): Promise<string[]> {
  const { items } = await kubectl.get<Listed>([
    OWNED,
    `--namespace=${namespace}`,
    '--selector=shardwright.io/cluster=minimal',
  ]);
  return items.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
}

/** The objects owned, as soon as all of `expected` are among them. */
function untilOwned(namespace: string, expected: readonly string[]): Promise<string[]> {
  return eventually(
    () => ownedNames(namespace),
    (found) => expected.every((name) => found.includes(name)),
  );
}

/** The metadata of an object that belongs to the cluster and is not wanted. */
function leftover(clusterUid: string): object {
  return {
    name: 'leftover',
    namespace: 'shop',
    labels: { 'app.kubernetes.io/managed-by': 'shardwright', 'shardwright.io/cluster': 'minimal' },
    ownerReferences: [
      {
        apiVersion: 'shardwright.io/v1alpha1',
        kind: 'ShardedCluster',
        name: 'minimal',
        uid: clusterUid,
        controller: true,
      },
    ],
  };
}

/** Everything the operator complained about that has to do with permissions. */
function refusals(operator: LocalOperator): string[] {
  return operator
    .log()
    .map((line) => JSON.stringify(line))
    .filter((line) => /forbidden/i.test(line));
}

describe('in all namespaces', () => {
  let operator: LocalOperator;

  beforeAll(async () => {
    operator = await install('shardwright-system');
    for (const name of ['shop', 'brief']) {
      await kubectl.run(['create', 'namespace', name]);
    }
  });

  afterAll(async () => {
    await operator?.kill();
  });

  it('creates a cluster', async () => {
    await kubectl.apply(minimal, ['--namespace=shop']);
    expect(await untilOwned('shop', SHARDS)).toEqual(expect.arrayContaining(SHARDS));
  });

  it('repairs what is deleted', async () => {
    await kubectl.run(['delete', 'service', 'minimal-shard-0-primary', '--namespace=shop']);
    const service = ['Service/minimal-shard-0-primary'];
    expect(await untilOwned('shop', service)).toEqual(expect.arrayContaining(service));
  });

  it('repairs what is edited', async () => {
    await kubectl.run(['scale', 'statefulset', 'minimal-shard-1', '--replicas=1', '--namespace=shop']);
    const replicas = await eventually(
      () =>
        kubectl.run([
          'get',
          'statefulset',
          'minimal-shard-1',
          '--namespace=shop',
          '--output=jsonpath={.spec.replicas}',
        ]),
      (text) => text === '3',
    );
    expect(replicas).toBe('3');
  });

  it('adds a shard', async () => {
    await kubectl.run(['scale', 'shardedcluster', 'minimal', '--replicas=3', '--namespace=shop']);
    const shard = ['StatefulSet/minimal-shard-2'];
    expect(await untilOwned('shop', shard)).toEqual(expect.arrayContaining(shard));
  });

  it('puts routers in front of a keyspace, repairs them, and removes them', async () => {
    const change = (spec: object): Promise<string> =>
      kubectl.run([
        'patch',
        'shardedcluster',
        'minimal',
        '--namespace=shop',
        '--type=merge',
        `--patch=${JSON.stringify({ spec })}`,
      ]);
    const routers = ['Deployment/minimal-router', 'Service/minimal', 'Secret/minimal-router'];
    await change({ keyspaces: [{ name: 'app', slots: 8 }] });
    expect(await untilOwned('shop', routers)).toEqual(expect.arrayContaining(routers));
    await kubectl.run(['delete', 'deployment', 'minimal-router', '--namespace=shop']);
    expect(await untilOwned('shop', routers)).toEqual(expect.arrayContaining(routers));
    await change({ router: { replicas: 0 } });
    const left = await eventually(
      () => ownedNames('shop'),
      (found) => !found.includes('Deployment/minimal-router') && !found.includes('Service/minimal'),
    );
    expect(left.filter((name) => routers.includes(name))).toEqual(['Secret/minimal-router']);
  });

  it('writes events about the cluster', async () => {
    const events = await eventually(
      () => kubectl.get<Listed>(['events.events.k8s.io', '--namespace=shop']),
      ({ items }) => items.length > 0,
    );
    expect(events.items).not.toHaveLength(0);
  });

  it('removes what a cluster no longer needs', async () => {
    const { metadata } = await kubectl.get<{ metadata: { uid: string } }>([
      'shardedcluster',
      'minimal',
      '--namespace=shop',
    ]);
    for (const [apiVersion, kind, spec] of [
      ['v1', 'ConfigMap', {}],
      ['v1', 'ServiceAccount', {}],
      ['v1', 'Service', { spec: { ports: [{ port: 1 }] } }],
      ['policy/v1', 'PodDisruptionBudget', { spec: { maxUnavailable: 1 } }],
    ] as const) {
      await kubectl.apply(JSON.stringify({ apiVersion, kind, metadata: leftover(metadata.uid), ...spec }));
    }
    expect(
      await eventually(
        async () => (await ownedNames('shop')).filter((name) => name.endsWith('/leftover')),
        (found) => found.length === 0,
      ),
    ).toEqual([]);
  });

  it('keeps the volumes of a deleted cluster, and what is needed to read them', async () => {
    await kubectl.run(['delete', 'shardedcluster', 'minimal', '--namespace=shop', '--timeout=240s']);
    const kept = await eventually(
      () => ownedNames('shop'),
      (found) => found.length === 6,
    );
    expect(kept.toSorted()).toEqual([
      'Secret/minimal-admin',
      'Secret/minimal-app',
      'Secret/minimal-ca',
      'Secret/minimal-internal',
      'Secret/minimal-router',
      'ShardMap/minimal',
    ]);
    const claims = await kubectl.get<Listed>(['persistentvolumeclaims', '--namespace=shop']);
    expect(claims.items).toHaveLength(9);
  });

  it('deletes everything of a cluster with deletionPolicy Delete', async () => {
    await kubectl.apply(minimal, ['--namespace=brief']);
    await kubectl.run([
      'patch',
      'shardedcluster',
      'minimal',
      '--namespace=brief',
      '--type=merge',
      '--patch={"spec":{"deletionPolicy":"Delete"}}',
    ]);
    const claims = (): Promise<Listed> =>
      kubectl.get<Listed>(['persistentvolumeclaims', '--namespace=brief']);
    expect((await eventually(claims, ({ items }) => items.length === 6)).items).toHaveLength(6);
    await kubectl.run(['delete', 'shardedcluster', 'minimal', '--namespace=brief', '--timeout=240s']);
    expect((await eventually(claims, ({ items }) => items.length === 0)).items).toEqual([]);
    expect(
      await eventually(
        () => ownedNames('brief'),
        (found) => found.length === 0,
      ),
    ).toEqual([]);
  });

  it('uses every permission it has, and no other', () => {
    const rarelyUsed = [
      // By events that repeat.
      'events.k8s.io/events patch',
      // When a volume has lost its labels.
      '/persistentvolumeclaims get',
      '/persistentvolumeclaims patch',
      // When the spec changes what pods are built from.
      '/pods delete',
      // When a pod changes while it is being labelled.
      '/pods get',
      // When a router is lost with its node: chaos `node-isolated`.
      '/pods/status patch',
      // When the pod of a replica finds no node.
      '/persistentvolumes get',
      '/nodes get',
      // When certificates are renewed.
      '/secrets update',
      // When they were edited to what cannot be changed back.
      'rbac.authorization.k8s.io/roles delete',
      'rbac.authorization.k8s.io/rolebindings delete',
      // When slots are to move, which takes databases that run: `scale-out`.
      'shardwright.io/shardrebalances create',
      'shardwright.io/shardrebalances/status update',
      // Asked for by an admission plug-in, not by a request.
      'shardwright.io/shardedclusters/finalizers update',
    ];
    const used = usedPermissions('shardwright-system');
    const granted = grantedPermissions();
    expect(
      [...granted].filter((permission) => !used.has(permission) && !rarelyUsed.includes(permission)),
    ).toEqual([]);
    expect([...used].filter((permission) => !granted.has(permission))).toEqual([]);
  });

  it('was never refused anything, and lets go of its lease when it stops', async () => {
    expect(refusals(operator)).toEqual([]);
    expect(await operator.stop()).toBe(0);
    const lease = await kubectl.get<{ spec: { holderIdentity?: string } }>([
      'lease',
      'shardwright-operator',
      '--namespace=shardwright-system',
    ]);
    expect(lease.spec.holderIdentity ?? '').toBe('');
  });
});

describe('in one namespace', () => {
  let operator: LocalOperator;

  beforeAll(async () => {
    for (const name of ['inside', 'outside']) {
      await kubectl.run(['create', 'namespace', name]);
    }
    operator = await install('confined', 'inside');
  });

  afterAll(async () => {
    await operator?.kill();
  });

  it('works there and nowhere else', async () => {
    await kubectl.apply(minimal, ['--namespace=outside']);
    await kubectl.apply(minimal, ['--namespace=inside']);
    expect(await untilOwned('inside', SHARDS)).toEqual(expect.arrayContaining(SHARDS));
    expect(await ownedNames('outside')).toEqual([]);
    expect(refusals(operator)).toEqual([]);
  });

  it('gives up when another holds its lease, and begins anew in its process', async () => {
    const lease = JSON.stringify({ spec: { holderIdentity: 'another', leaseDurationSeconds: 3600 } });
    await kubectl.run([
      'patch',
      'lease',
      'shardwright-operator',
      '--namespace=confined',
      '--type=merge',
      `--patch=${lease}`,
    ]);
    const sinceItGaveUp = async (): Promise<readonly unknown[]> => {
      const messages = operator.log().map(({ message }) => message);
      const at = messages.indexOf('failed');
      return at < 0 ? [] : messages.slice(at);
    };
    const messages = await eventually(sinceItGaveUp, (found) =>
      found.includes('waiting to become the leader'),
    );
    expect(messages).toEqual(expect.arrayContaining(['failed', 'starting', 'waiting to become the leader']));
    expect(messages).not.toContain('became the leader');
    expect(await operator.stop()).toBe(0);
  });
});
