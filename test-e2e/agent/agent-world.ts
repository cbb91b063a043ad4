/** An API server with our definitions, an account for agents that may do what an agent may, and a shard of them. */
import { type ControlPlane, startControlPlane } from '../cluster/control-plane/index.ts';
import type { PackagedMariadb } from '../mariadb/root-file-system.ts';
import type { PlainClient } from '../specs/plain-client.ts';
import { createShardMap } from './operator-stand-in.ts';
import { prepareAgentAccess } from './agent-access.ts';
import type { ClusterProcessesOptions } from './cluster-processes.ts';
import { createShardProcesses, type ShardProcesses } from './shard-processes.ts';

/** Everything that agents need around them. */
export interface AgentWorld {
  readonly controlPlane: ControlPlane;
  /** As an administrator. */
  readonly client: PlainClient;
  /** Nothing of it runs yet. */
  readonly shard: ShardProcesses;
  /** Records the members in a ShardMap, the first as the primary, and starts them all. */
  begin(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the API server and makes the shard. */
export async function startAgentWorld(
  packaged: PackagedMariadb,
  options: ClusterProcessesOptions,
): Promise<AgentWorld> {
  const controlPlane = await startControlPlane();
  const { client, kubeconfigPath } = await prepareAgentAccess(controlPlane);
  const shard = await createShardProcesses(packaged, kubeconfigPath, options);
  return {
    controlPlane,
    client,
    shard,
    async begin() {
      await createShardMap(
        client,
        shard.members.map(({ pod }) => pod),
      );
      shard.members.forEach((member) => {
        member.startLauncher();
        member.startAgent();
      });
    },
    async close() {
      await shard.dispose();
      client.close();
      await controlPlane.stop();
    },
  };
}
