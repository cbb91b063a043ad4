/** `kubectl shardwright status`: what each shard is in, and what stands in the way of a failover. */
import type {
  Condition,
  InstanceStatus,
  ShardedCluster,
  ShardMapShard,
  ShardStatus,
} from '../api/v1alpha1/index.ts';
import { type ClusterView, membersOf, readCluster } from './cluster-view.ts';
import type { OutputFormat } from './command-line.ts';
import type { PluginSession } from './session.ts';
import { renderTable } from './table.ts';

/** The status of a cluster as JSON. Fields are added, never renamed. */
export interface StatusReport {
  readonly namespace: string;
  readonly cluster: string;
  readonly suspended: boolean;
  readonly conditions: readonly Pick<Condition, 'type' | 'status' | 'reason' | 'message'>[];
  /** Why nobody is promoted, and the command that decides; null while nothing stands in the way. */
  readonly failoverBlocked: string | null;
  readonly shards: readonly ShardReport[];
}

interface ShardReport {
  readonly name: string;
  readonly state: string | null;
  readonly primary: string | null;
  readonly epoch: number;
  readonly lastFailover: NonNullable<ShardStatus['lastFailover']> | null;
  readonly lastSwitchover: NonNullable<ShardStatus['lastSwitchover']> | null;
  readonly instances: readonly InstanceReport[];
}

interface InstanceReport {
  readonly pod: string;
  readonly role: 'primary' | 'replica';
  readonly lagSeconds: number | null;
  readonly gtid: string | null;
  readonly healthy: boolean;
  /** Whether its acknowledgement of a write counts. */
  readonly acknowledges: boolean;
  readonly error: string | null;
  readonly clonedPercent: number | null;
  readonly lastChecked: string | null;
}

/** Shows the status of a cluster. Throws `PluginFailure` where there is none. */
export async function showStatus(
  session: PluginSession,
  name: string,
  format: OutputFormat,
  signal: AbortSignal,
): Promise<void> {
  const report = reportStatus(await readCluster(session, name, signal));
  const lines = format === 'json' ? [JSON.stringify(report, null, 2)] : renderStatus(report);
  lines.forEach((line) => session.say(line));
}

/** Gathers. The map is newer than the status in roles and epochs. Pure. */
export function reportStatus({ cluster, map }: ClusterView): StatusReport {
  const conditions = (cluster.status?.conditions ?? []).map(({ type, status, reason, message }) => ({
    type,
    status,
    reason,
    message,
  }));
  const blocked = conditions.find(({ type, status }) => type === 'FailoverBlocked' && status === 'True');
  return {
    namespace: cluster.metadata.namespace,
    cluster: cluster.metadata.name,
    suspended: cluster.spec.suspend,
    conditions,
    failoverBlocked: blocked?.message ?? null,
    shards: (map?.spec.shards ?? []).map((entry) => reportShard(cluster, entry)),
  };
}

function reportShard(cluster: ShardedCluster, entry: ShardMapShard): ShardReport {
  const status = cluster.status?.shards?.find(({ name }) => name === entry.name);
  return {
    name: entry.name,
    state: status?.state ?? null,
    primary: entry.primary,
    epoch: entry.epoch,
    lastFailover: status?.lastFailover ?? null,
    lastSwitchover: status?.lastSwitchover ?? null,
    instances: membersOf(entry).map((pod) =>
      reportInstance(
        entry,
        pod,
        status?.instances?.find((instance) => instance.pod === pod),
      ),
    ),
  };
}

function reportInstance(
  { primary, ackers }: ShardMapShard,
  pod: string,
  instance: InstanceStatus | undefined,
): InstanceReport {
  const { bytes = 0, estimatedBytes = null } = instance?.clone ?? {};
  return {
    pod,
    role: pod === primary ? 'primary' : 'replica',
    lagSeconds: instance?.lagSeconds ?? null,
    gtid: instance?.gtid ?? null,
    healthy: instance?.healthy ?? false,
    acknowledges: ackers.includes(pod),
    error: instance?.error ?? null,
    clonedPercent:
      instance?.clone === undefined || estimatedBytes === null || estimatedBytes === 0
        ? null
        : Math.min(100, Math.floor((100 * bytes) / estimatedBytes)),
    lastChecked: instance?.lastChecked ?? null,
  };
}

/** The lines of a status for a terminal. Pure. */
export function renderStatus(report: StatusReport): string[] {
  const { namespace, cluster, conditions, shards, failoverBlocked } = report;
  const condition = (type: string): string => {
    const found = conditions.find((each) => each.type === type);
    return found === undefined ? `${type}: unknown` : `${type}: ${found.status} (${found.reason})`;
  };
  const complaints = conditions.filter(
    ({ type, status }) =>
      (type === 'Ready' && status === 'False') || (type === 'Degraded' && status === 'True'),
  );
  return [
    `${namespace}/${cluster}   ${['Ready', 'Degraded', 'FailoverBlocked'].map(condition).join('   ')}`,
    ...complaints.map(({ message }) => `  ${message}`),
    ...shards.flatMap((shard) => ['', ...renderShard(shard)]),
    ...(shards.length === 0 ? ['', 'There are no shards yet.'] : []),
    ...(failoverBlocked === null ? [] : ['', `Failover is blocked: ${failoverBlocked}`]),
  ];
}

function renderShard({
  name,
  state,
  primary,
  epoch,
  lastFailover,
  lastSwitchover,
  instances,
}: ShardReport): string[] {
  const rows = instances.map((instance) => [
    instance.pod,
    instance.role,
    instance.role === 'primary' ? '-' : lagText(instance.lagSeconds),
    instance.gtid ?? 'unknown',
    healthText(instance),
  ]);
  const failover =
    lastFailover === null
      ? []
      : [`last failover ${lastFailover.at} to ${lastFailover.to} (${lastFailover.reason})`];
  const switchover =
    lastSwitchover === null ? [] : [`last switchover ${lastSwitchover.at}: ${lastSwitchover.outcome}`];
  return [
    [
      name,
      state ?? 'unknown',
      `primary ${primary ?? 'none'}`,
      `epoch ${epoch}`,
      ...failover,
      ...switchover,
    ].join('   '),
    ...renderTable(['POD', 'ROLE', 'LAG', 'GTID', 'HEALTH'], rows).map((line) => `  ${line}`),
  ];
}

function lagText(seconds: number | null): string {
  return seconds === null ? 'unknown' : `${seconds.toFixed(1)}s`;
}

function healthText({ healthy, error, clonedPercent, role, acknowledges }: InstanceReport): string {
  if (!healthy) {
    return `not healthy: ${clonedPercent === null ? '' : `${clonedPercent} % cloned. `}${error ?? 'not heard of'}`;
  }
  return role === 'replica' && !acknowledges ? 'healthy, does not acknowledge yet' : 'healthy';
}
