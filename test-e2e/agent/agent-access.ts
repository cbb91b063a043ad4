/** What agents outside of any pod need of an API server. */
import type { ControlPlane } from '../cluster/control-plane/index.ts';
import { createKubectl } from '../install/kubectl.ts';
import { writeServiceAccountKubeconfig } from '../install/service-account-kubeconfig.ts';
import { installCrds } from '../specs/install-crds.ts';
import { connectPlainly, type PlainClient } from '../specs/plain-client.ts';
import { CLUSTER, NAMESPACE } from './shard-processes.ts';

/** What an agent may do in the API server, and no more. */
const ROLE = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'agent', namespace: NAMESPACE } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'agent', namespace: NAMESPACE },
      rules: [
        {
          apiGroups: ['shardwright.io'],
          resources: ['shardmaps'],
          resourceNames: [CLUSTER],
          verbs: ['get', 'list', 'watch'],
        },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'agent', namespace: NAMESPACE },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'agent' },
      subjects: [{ kind: 'ServiceAccount', name: 'agent', namespace: NAMESPACE }],
    },
  ],
};

/** Installs the definitions and the agents' account. Returns the administrator's client and the agents' kubeconfig. */
export async function prepareAgentAccess(
  controlPlane: ControlPlane,
): Promise<{ readonly client: PlainClient; readonly kubeconfigPath: string }> {
  const client = await connectPlainly(controlPlane.kubeconfigPath);
  await installCrds(client);
  const kubectl = await createKubectl(controlPlane.kubeconfigPath);
  await kubectl.apply(JSON.stringify(ROLE));
  const kubeconfigPath = await writeServiceAccountKubeconfig(
    kubectl,
    { namespace: NAMESPACE, name: 'agent' },
    controlPlane.directory,
  );
  return { client, kubeconfigPath };
}
