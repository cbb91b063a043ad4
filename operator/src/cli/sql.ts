/** `kubectl shardwright sql`: MariaDB's own client, inside of a pod. No password leaves the pod. */
import { applicationServiceName, shardName } from '../api/v1alpha1/index.ts';
import { findShard, readCluster } from './cluster-view.ts';
import { PluginFailure } from './failure.ts';
import { requireMap } from './plan.ts';
import { ACCOUNTS_FOLDER, AGENT_CONTAINER, AUTHORITY_FILE } from './pod-paths.ts';
import type { PluginSession } from './session.ts';

/** Folders of the accounts: the administrator at the primary of a shard, the application at the routers. */
export const SQL_ACCOUNTS = { shard: 'administration', router: 'application' } as const;

/** What was asked for. */
export interface SqlOptions {
  readonly cluster: string;
  /** Number or name of a shard, whose primary is asked. @default the routers */
  readonly shard?: string;
  /** Arguments of the client. */
  readonly clientArguments: readonly string[];
}

/**
 * Writes the account to a pipe that the client alone reads. The shell's arguments, which everybody on the node can read, are
 * where the account is, and where to connect.
 */
const SCRIPT = `set -eu
folder=$1 host=$2 authority=$3
shift 3
exec 3<<END
[client]
user="$(cat "$folder/username")"
password="$(cat "$folder/password")"
host="$host"
ssl-ca="$authority"
ssl-verify-server-cert
END
exec mariadb --defaults-file=/dev/fd/3 "$@"`;

/** Runs the client, with the terminal where there is one. Throws `PluginFailure` where it does not end well. */
export async function runSql(
  session: PluginSession,
  { cluster, shard, clientArguments }: SqlOptions,
  signal: AbortSignal,
): Promise<void> {
  const { kubectl, isTerminal, namespace } = session;
  const view = await readCluster(session, cluster, signal);
  const { shards } = requireMap(view);
  const entry =
    shard === undefined ? shards.find(({ primary }) => primary !== null) : findShard(view, shard).entry;
  if (entry === undefined || entry.primary === null) {
    throw new PluginFailure('Failed', `${entry?.name ?? cluster} has no primary now: try again later`);
  }
  if (
    shard === undefined &&
    (view.cluster.spec.router.replicas === 0 || view.cluster.spec.keyspaces.length === 0)
  ) {
    throw new PluginFailure(
      'Refused',
      `${cluster} has no routers: name a shard, --shard ${shards[0]?.number ?? 0}`,
    );
  }
  const host =
    shard === undefined
      ? `${applicationServiceName(cluster)}.${namespace}.svc`
      : `${entry.primary}.${shardName(cluster, entry.number)}.${namespace}.svc`;
  const folder = `${ACCOUNTS_FOLDER}/${SQL_ACCOUNTS[shard === undefined ? 'router' : 'shard']}`;
  const code = await kubectl.attach(
    [
      'exec',
      '--stdin',
      ...(isTerminal ? ['--tty'] : []),
      entry.primary,
      `--container=${AGENT_CONTAINER}`,
      '--',
      'sh',
      '-c',
      SCRIPT,
      'sql',
      folder,
      host,
      AUTHORITY_FILE,
      ...clientArguments,
    ],
    signal,
  );
  if (code !== 0) {
    throw new PluginFailure('Failed', `mariadb ended with exit code ${code}`);
  }
}
