import type { Kubectl } from '../install/kubectl.ts';

/** Runs SQL in the databases of a cluster as its application does: by the Secret, over verified TLS. */
export interface SqlClient {
  /** Rows of the last statement, as text. `host` is a Service or a pod below its headless Service. */
  query(host: string, sql: string): Promise<string[][]>;
}

/** Where the authority's certificate is in a database pod. */
const AUTHORITY = '/etc/shardwright/server-tls/ca.crt';

/** A client that runs within the pod `from`, whose image has MariaDB's own. */
export async function createSqlClient(
  kubectl: Kubectl,
  cluster: { readonly namespace: string; readonly name: string },
  from = `${cluster.name}-shard-0-0`,
): Promise<SqlClient> {
  const secret = await kubectl.get<{ data: Record<string, string> }>([
    'secret',
    `${cluster.name}-app`,
    `--namespace=${cluster.namespace}`,
  ]);
  const value = (key: string): string => Buffer.from(secret.data[key] ?? '', 'base64').toString('utf8');
  // By standard input: arguments can be read by everybody on the node.
  const options = [
    '[client]',
    `user=${value('username')}`,
    `password=${value('password')}`,
    `ssl-ca=${AUTHORITY}`,
    'ssl-verify-server-cert',
    '',
  ].join('\n');
  return {
    async query(host, sql) {
      const output = await kubectl.run(
        [
          'exec',
          '--stdin',
          from,
          `--namespace=${cluster.namespace}`,
          '--container=mariadb',
          '--',
          'mariadb',
          '--defaults-file=/dev/stdin',
          '--batch',
          '--skip-column-names',
          `--host=${host}.${cluster.namespace}.svc`,
          `--execute=${sql}`,
        ],
        { input: options },
      );
      return output
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\t'));
    },
  };
}
