/** `kubectl shardwright logs`: what the pods of a cluster write. */
import { LABELS } from '../api/v1alpha1/index.ts';
import { findShard, readCluster } from './cluster-view.ts';
import { PluginFailure } from './failure.ts';
import type { PluginSession } from './session.ts';

/** What was asked for. */
export interface LogsOptions {
  readonly cluster: string;
  /** Number or name of a shard. @default all pods of the cluster, routers included */
  readonly shard?: string;
  /** Of each container. */
  readonly lines: number;
  readonly follow: boolean;
  /** @default all containers */
  readonly container?: string;
}

/** Streams that kubectl reads at once, at most: a large cluster's containers. */
const MOST_STREAMS = 500;

/** Shows the logs by kubectl, each line with its pod and container. Throws `PluginFailure`. */
export async function showLogs(
  session: PluginSession,
  { cluster, shard, lines, follow, container }: LogsOptions,
  signal: AbortSignal,
): Promise<void> {
  const view = await readCluster(session, cluster, signal);
  const number = shard === undefined ? undefined : findShard(view, shard).entry.number;
  const selector = [
    `${LABELS.cluster}=${cluster}`,
    ...(number === undefined ? [] : [`${LABELS.shard}=${number}`]),
  ].join(',');
  const code = await session.kubectl.attach(
    [
      'logs',
      `--selector=${selector}`,
      container === undefined ? '--all-containers' : `--container=${container}`,
      '--prefix',
      '--ignore-errors',
      `--tail=${lines}`,
      `--max-log-requests=${MOST_STREAMS}`,
      ...(follow ? ['--follow'] : []),
    ],
    signal,
  );
  if (code !== 0) {
    throw new PluginFailure('Failed', `kubectl logs ended with exit code ${code}`);
  }
}
