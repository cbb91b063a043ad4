/** SQL in database pods by the account of their agents, who see and may do everything. */
import { AGENT_ACCOUNT_FILE, DATABASE_CONTAINER } from '../../operator/src/cli/pod-paths.ts';
import { readBatch } from '../../operator/src/cli/shard-query.ts';
import type { Kubectl } from '../install/kubectl.ts';

/** Where a pod is. */
export interface PodPlace {
  readonly kubectl: Kubectl;
  readonly namespace: string;
}

/** Runs statements in a pod; resolves with all rows of them, as texts. @throws ClusterError `CommandFailed` */
export async function queryAsAgent(
  { kubectl, namespace }: PodPlace,
  pod: string,
  sql: string,
): Promise<readonly (readonly string[])[]> {
  const place = ['exec', '--stdin', pod, `--namespace=${namespace}`, `--container=${DATABASE_CONTAINER}`];
  const client = [
    'mariadb',
    `--defaults-file=${AGENT_ACCOUNT_FILE}`,
    '--default-character-set=utf8mb4',
    '--batch',
    '--skip-column-names',
  ];
  return readBatch(await kubectl.run([...place, '--', ...client], { input: `${sql};\n` }));
}
