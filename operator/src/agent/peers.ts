import { podServerName } from '../pki/server-names.ts';
import type { SourceAddress } from '../engines/member-state.ts';
import { AGENT_PORTS } from './pod-contract.ts';
import type { AgentSettings } from './settings.ts';

/** How the members of a shard reach each other. */
export interface PeerAddresses {
  /** The server of a pod, for replication. */
  server(pod: string): SourceAddress;
  /** The names of those whose addresses the settings do not say. */
  names(pods: readonly string[]): readonly string[];
  /** The agent of a pod, with the name its certificate must hold. */
  agent(pod: string): SourceAddress & { readonly serverName: string };
}

/** By the names of their pods, which outlast every address; or by what the settings say. */
export function createPeerAddresses(
  shard: { readonly namespace: string; readonly name: string },
  serverPort: number,
  settings: () => Pick<AgentSettings, 'peers'>,
  /** The address of a name as it was last known; undefined while it is not. */
  known: (serverName: string) => string | undefined,
): PeerAddresses {
  const serverName = (pod: string): string =>
    podServerName({ namespace: shard.namespace, shard: shard.name }, pod);
  return {
    server: (pod) => settings().peers[pod]?.server ?? { host: serverName(pod), port: serverPort },
    names: (pods) => pods.filter((pod) => settings().peers[pod] === undefined).map(serverName),
    agent: (pod) => ({
      ...(settings().peers[pod]?.agent ?? {
        host: known(serverName(pod)) ?? serverName(pod),
        port: AGENT_PORTS.agent.port,
      }),
      serverName: serverName(pod),
    }),
  };
}
