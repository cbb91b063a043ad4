/** An API server with our definitions, an account for agents that may do what an agent may, and a shard of them. */
import { type ControlPlane, startControlPlane } from '../cluster/control-plane/index.ts';
import { createKubectl } from '../install/kubectl.ts';
import { writeServiceAccountKubeconfig } from '../install/service-account-kubeconfig.ts';
import type { PackagedMariadb } from '../mariadb/root-file-system.ts';
import { installCrds } from '../specs/install-crds.ts';
import { connectPlainly, type PlainClient } from '../specs/plain-client.ts';
import { CLUSTER, createShardProcesses, NAMESPACE, type ShardProcesses } from './shard-processes.ts';

/** Everything that agents need around them. */
export interface AgentWorld {
  readonly controlPlane: ControlPlane;
  /** As an administrator. */
  readonly client: PlainClient;
  /** Nothing of it runs yet. */
  readonly shard: ShardProcesses;
  close(): Promise<void>;
}

const SUBJECT = { kind: 'ServiceAccount', name: 'agent', namespace: NAMESPACE };

/** What an agent may do in the API server, and no more. */
const ROLE = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: SUBJECT.name, namespace: NAMESPACE } },
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
      subjects: [SUBJECT],
    },
  ],
};

/** Starts the API server and makes the shard. */
export async function startAgentWorld(packaged: PackagedMariadb): Promise<AgentWorld> {
  const controlPlane = await startControlPlane();
  const client = await connectPlainly(controlPlane.kubeconfigPath);
  await installCrds(client);
  const kubectl = await createKubectl(controlPlane.kubeconfigPath);
  await kubectl.apply(JSON.stringify(ROLE));
  const kubeconfig = await writeServiceAccountKubeconfig(kubectl, SUBJECT, controlPlane.directory);
  const shard = await createShardProcesses(packaged, kubeconfig);
  return {
    controlPlane,
    client,
    shard,
    async close() {
      await shard.dispose();
      client.close();
      await controlPlane.stop();
    },
  };
}
