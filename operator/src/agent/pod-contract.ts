/**
 * What the pod of a database gives its agent and its launcher. The builder of the pod and both programs read it from
 * here, so that they cannot disagree.
 */
import { z } from 'zod';
import { podName } from '../api/v1alpha1/index.ts';
import type { MemberIdentity } from './protocol/agent-state.ts';
import { SETTINGS_FILE } from './settings.ts';

/** Ports of the agent container. */
export const AGENT_PORTS = {
  /** Mutual TLS: state stream, commands, clones. */
  agent: { name: 'agent', port: 7443 },
  /** Plain HTTP: `/metrics`, `/healthz`, `/readyz`. */
  metrics: { name: 'metrics', port: 9187 },
} as const;

/** Where the agent container finds things; the engine's own folders are in its `ContainerContract`. */
export const AGENT_PATHS = {
  /** ConfigMap of the shard, with the key `settings.json`. */
  settings: '/etc/shardwright/settings',
  /** One folder for each account, a mounted Secret with `username` and `password`. */
  accounts: '/etc/shardwright/accounts',
  /** Secret of the agents' certificate: `tls.crt`, `tls.key`, `ca.crt`. */
  agentTls: '/etc/shardwright/agent-tls',
  /** Secret of the servers' certificate; mounted at the same place in the database container. */
  serverTls: '/etc/shardwright/server-tls',
  /** The hosts file of the database container, see `hosts-file.ts`. */
  hosts: '/etc/shardwright/hosts',
} as const;

/** Name of the launcher's socket in the engine's memory-backed folder. */
export const LAUNCHER_SOCKET = 'launcher.sock';

/** Variables of the agent container that come from the pod itself. */
export const AGENT_ENVIRONMENT = {
  pod: 'POD_NAME',
  namespace: 'POD_NAMESPACE',
  podUid: 'POD_UID',
  cluster: 'SHARDWRIGHT_CLUSTER',
  shard: 'SHARDWRIGHT_SHARD',
} as const;

const environmentSchema = z.object({
  [AGENT_ENVIRONMENT.pod]: z.string().min(1),
  [AGENT_ENVIRONMENT.namespace]: z.string().min(1),
  [AGENT_ENVIRONMENT.podUid]: z.string().min(1),
  [AGENT_ENVIRONMENT.cluster]: z.string().min(1),
  [AGENT_ENVIRONMENT.shard]: z.string().regex(/^\d{1,4}$/),
});

/** The environment does not say who this agent is. */
export class AgentEnvironmentError extends Error {
  readonly code = 'InvalidConfiguration';
}

/** Which member an agent stands beside, and its place among the shard's. */
export interface MemberPlace extends MemberIdentity {
  readonly ordinal: number;
}

/** Reads the environment. Throws {@link AgentEnvironmentError}. */
export function readMemberPlace(environment: Readonly<Record<string, string | undefined>>): MemberPlace {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    throw new AgentEnvironmentError(z.prettifyError(parsed.error), { cause: parsed.error });
  }
  const values = parsed.data;
  const pod = values[AGENT_ENVIRONMENT.pod];
  const cluster = values[AGENT_ENVIRONMENT.cluster];
  const shard = Number(values[AGENT_ENVIRONMENT.shard]);
  const ordinal = Number(/-(\d+)$/.exec(pod)?.[1] ?? NaN);
  if (podName(cluster, shard, ordinal) !== pod) {
    throw new AgentEnvironmentError(`${pod} is no pod of shard ${shard} of ${cluster}`);
  }
  return {
    pod,
    cluster,
    shard,
    ordinal,
    namespace: values[AGENT_ENVIRONMENT.namespace],
    podUid: values[AGENT_ENVIRONMENT.podUid],
  };
}

/** The path of the settings file in its folder. */
export function settingsFile(folder: string): string {
  return `${folder}/${SETTINGS_FILE}`;
}
