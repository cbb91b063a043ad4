import type { RequestOptions } from 'node:https';
import type { PeerIdentity } from '../../pki/identity.ts';
import { clientTlsOptions, peerCheck } from '../../pki/peer-verification.ts';
import type { TlsMaterialSource } from '../../pki/tls-material.ts';

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

/** The options of every request to the agent. */
export function requestOptions(target: AgentTarget, tls: TlsMaterialSource): RequestOptions {
  const { host, port } = target;
  return { host, port, ...clientTlsOptions(tls.current(), expectedOf(target)) };
}

/** Whether it is that agent who answers; part of the above. */
export function agentCheck(target: AgentTarget): ReturnType<typeof peerCheck> {
  return peerCheck(expectedOf(target));
}

function expectedOf({ namespace, cluster, serverName }: AgentTarget): Parameters<typeof peerCheck>[0] {
  const identity: PeerIdentity = { namespace, cluster, role: 'agent' };
  return { serverName, identity };
}
