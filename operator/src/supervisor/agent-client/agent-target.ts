import type { ConnectionOptions } from 'node:tls';
import type { PeerIdentity } from '../../pki/identity.ts';
import { clientTlsOptions } from '../../pki/peer-verification.ts';
import type { TlsMaterial } from '../../pki/tls-material.ts';

/** The agent of one pod, and how to reach it. */
export interface AgentTarget {
  readonly namespace: string;
  readonly cluster: string;
  readonly pod: string;
  /** Only this very pod; a later one of the same name is another. */
  readonly podUid: string;
  /** Address to dial: the pod's own, so that no DNS stands between. */
  readonly host: string;
  readonly port: number;
  /** The name its certificate must hold. */
  readonly serverName: string;
}

/** What every connection to the agent is secured by. */
export function tlsOptions(
  { namespace, cluster, serverName }: AgentTarget,
  material: TlsMaterial,
): ConnectionOptions {
  const identity: PeerIdentity = { namespace, cluster, role: 'agent' };
  return clientTlsOptions(material, { serverName, identity });
}
