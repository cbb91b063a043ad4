/** What the chart's roles allow, and what they do not. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startControlPlane } from '../cluster/control-plane/index.ts';
import type { ControlPlane } from '../cluster/control-plane/index.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { eventually } from '../install/eventually.ts';
import { chartFolder, createHelm } from '../install/helm.ts';
import { createKubectl } from '../install/kubectl.ts';
import type { Kubectl } from '../install/kubectl.ts';

let controlPlane: ControlPlane;
let kubectl: Kubectl;

beforeAll(async () => {
  // With its controllers, which aggregate roles.
  controlPlane = await startControlPlane({ components: ['controller-manager'] });
  kubectl = await createKubectl(controlPlane.kubeconfigPath);
  const helm = await createHelm(controlPlane.kubeconfigPath);
  const install = ['install', 'shardwright', chartFolder, '--create-namespace'];
  await helm.run([...install, '--namespace=cluster-wide']);
  await kubectl.run(['create', 'namespace', 'elsewhere']);
  await kubectl.run(['create', 'namespace', 'shop']);
  await helm.run([
    ...install,
    '--namespace=confined',
    '--set=watchNamespace=shop',
    '--set=crds.install=false',
  ]);
});

afterAll(async () => {
  await controlPlane?.stop();
});

/** `resource` is `type.group`, then `/name` for one object or `:subresource`. */
const canI = async (user: string, verb: string, resource: string, ...options: string[]): Promise<boolean> => {
  const [type = '', subresource] = resource.split(':');
  const { standardOutput } = await kubectl.attempt([
    'auth',
    'can-i',
    verb,
    type,
    `--as=${user}`,
    ...(subresource === undefined ? [] : [`--subresource=${subresource}`]),
    ...options,
  ]);
  return standardOutput.trim() === 'yes';
};

/** The same, once the API server has heard of the roles: it answers by what it has last seen of them. */
const eventuallyCanI = (expected: boolean, ...question: Parameters<typeof canI>): Promise<boolean> =>
  eventually(
    () => canI(...question),
    (answer) => answer === expected,
  );

describe('permissions', () => {
  const account = 'system:serviceaccount:cluster-wide:shardwright-operator';
  const confined = 'system:serviceaccount:confined:shardwright-operator';

  it.each([
    ['list', 'shardedclusters.shardwright.io', '--all-namespaces'],
    ['update', 'shardedclusters.shardwright.io:status', '--namespace=elsewhere'],
    // For the finalizer. There is no permission for metadata alone: that it leaves specs alone is up to its code.
    ['patch', 'shardedclusters.shardwright.io', '--namespace=elsewhere'],
    ['create', 'shardrebalances.shardwright.io', '--namespace=elsewhere'],
    ['watch', 'shardrebalances.shardwright.io', '--all-namespaces'],
    ['update', 'shardrebalances.shardwright.io:status', '--namespace=elsewhere'],
    ['create', 'statefulsets.apps', '--namespace=elsewhere'],
    ['create', 'deployments.apps', '--namespace=elsewhere'],
    ['watch', 'pods', '--all-namespaces'],
    ['delete', 'pods', '--namespace=elsewhere'],
    ['patch', 'pods:status', '--namespace=elsewhere'],
    ['get', 'nodes', '--all-namespaces'],
    ['get', 'persistentvolumes', '--all-namespaces'],
    ['update', 'leases.coordination.k8s.io/shardwright-operator', '--namespace=cluster-wide'],
    ['create', 'events.events.k8s.io', '--namespace=elsewhere'],
  ])('the operator may %s %s %s', async (verb, resource, where) => {
    expect(await eventuallyCanI(true, account, verb, resource, where)).toBe(true);
  });

  it.each([
    ['create', 'shardedclusters.shardwright.io', '--namespace=elsewhere'],
    ['delete', 'shardedclusters.shardwright.io', '--namespace=elsewhere'],
    ['update', 'shardedclusters.shardwright.io', '--namespace=elsewhere'],
    ['update', 'shardrebalances.shardwright.io', '--namespace=elsewhere'],
    ['patch', 'shardrebalances.shardwright.io', '--namespace=elsewhere'],
    ['delete', 'shardrebalances.shardwright.io', '--namespace=elsewhere'],
    ['create', 'pods', '--namespace=elsewhere'],
    ['deletecollection', 'secrets', '--namespace=elsewhere'],
    ['create', 'pods:exec', '--namespace=elsewhere'],
    ['get', 'pods:log', '--namespace=elsewhere'],
    ['create', 'pods:eviction', '--namespace=elsewhere'],
    ['update', 'pods:status', '--namespace=elsewhere'],
    ['create', 'serviceaccounts:token', '--namespace=elsewhere'],
    ['create', 'persistentvolumeclaims', '--namespace=elsewhere'],
    ['delete', 'clusterroles.rbac.authorization.k8s.io'],
    ['escalate', 'roles.rbac.authorization.k8s.io', '--namespace=elsewhere'],
    ['bind', 'roles.rbac.authorization.k8s.io', '--namespace=elsewhere'],
    ['bind', 'clusterroles.rbac.authorization.k8s.io', '--namespace=elsewhere'],
    ['create', 'clusterrolebindings.rbac.authorization.k8s.io'],
    ['escalate', 'clusterroles.rbac.authorization.k8s.io'],
    ['impersonate', 'users'],
    ['list', 'nodes'],
    ['patch', 'nodes'],
    ['list', 'persistentvolumes'],
    ['delete', 'persistentvolumes'],
    ['create', 'namespaces'],
    ['update', 'customresourcedefinitions.apiextensions.k8s.io'],
    ['update', 'leases.coordination.k8s.io/other', '--namespace=cluster-wide'],
    ['delete', 'leases.coordination.k8s.io/shardwright-operator', '--namespace=cluster-wide'],
    ['update', 'leases.coordination.k8s.io/shardwright-operator', '--namespace=elsewhere'],
    ['delete', 'events.events.k8s.io', '--namespace=elsewhere'],
    ['*', '*', '--all-namespaces'],
  ])('the operator may not %s %s %s', async (...request) => {
    const [verb, resource, ...where] = request;
    expect(await canI(account, verb, resource, ...where)).toBe(false);
  });

  it.each([
    ['create', 'statefulsets.apps', '--namespace=shop', true],
    ['list', 'secrets', '--namespace=shop', true],
    ['update', 'leases.coordination.k8s.io/shardwright-operator', '--namespace=confined', true],
    ['create', 'statefulsets.apps', '--namespace=elsewhere', false],
    ['get', 'nodes', '--namespace=shop', false],
    ['list', 'secrets', '--namespace=elsewhere', false],
    ['list', 'secrets', '--namespace=confined', false],
    ['list', 'shardedclusters.shardwright.io', '--all-namespaces', false],
  ])('the operator of one namespace: may it %s %s %s? %s', async (verb, resource, where, expected) => {
    expect(await eventuallyCanI(expected, confined, verb, resource, where)).toBe(expected);
  });

  it.each([
    ['view', 'get', 'shardedclusters.shardwright.io', true],
    ['view', 'watch', 'shardmaps.shardwright.io', true],
    ['view', 'create', 'shardedclusters.shardwright.io', false],
    ['edit', 'create', 'shardedclusters.shardwright.io', true],
    ['edit', 'patch', 'shardedclusters.shardwright.io:scale', true],
    ['edit', 'update', 'shardmaps.shardwright.io', false],
    ['edit', 'update', 'shardedclusters.shardwright.io:status', false],
    ['admin', 'delete', 'shardedclusters.shardwright.io', true],
  ])('a user with the role %s: may they %s %s? %s', async (role, verb, resource, expected) => {
    const user = `${role}-${verb}`;
    await kubectl.attempt([
      'create',
      'rolebinding',
      user,
      `--clusterrole=${role}`,
      `--user=${user}`,
      '--namespace=shop',
    ]);
    // The controller that aggregates roles takes a moment after the chart was installed.
    const granted = await waitFor(
      'the answer',
      async () =>
        (await canI(user, verb, resource, '--namespace=shop')) === expected ? expected : undefined,
      { timeoutMilliseconds: 120_000 },
    );
    expect(granted).toBe(expected);
  });
});
