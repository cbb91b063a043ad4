import { repeatWhile } from '../cluster/machine/wait.ts';
import type { Kubectl } from '../install/kubectl.ts';

/** Runs SQL in the databases of a cluster as its application does: by the Secret, over verified TLS. */
export interface SqlClient {
  /**
   * Rows of the last statement, as text. `host` is a Service or a pod below its headless Service. A connection that does
   * not come about is tried again for a minute: names and nodes lead to a pod some time after it has become ready.
   */
  query(host: string, sql: string): Promise<string[][]>;
  /** What MariaDB's programs read to log in likewise: a file of options, with the password. */
  readonly options: string;
}

const CONNECTING = { timeoutMilliseconds: 60_000, everyMilliseconds: 300 };

/**
 * What MariaDB's client says that has no connection yet, and so has sent no statement: no such name, nobody there, or gone
 * while it logged in.
 */
const NOT_CONNECTED = /^ERROR (2002|2003|2005) |Lost connection to server at '/m;

/**
 * An attempt that began before a node led to its Service, or whose pod is going, never gets there, and the kernel would try for two
 * minutes. The next one goes where the node leads by then.
 */
const CONNECT_SECONDS = 15;

const isUnconnected = (error: unknown): boolean =>
  error instanceof Error && NOT_CONNECTED.test(error.message);

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
    `connect-timeout=${CONNECT_SECONDS}`,
    '',
  ].join('\n');
  return {
    options,
    async query(host, sql) {
      const output = await repeatWhile(
        isUnconnected,
        () =>
          kubectl.run(
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
          ),
        CONNECTING,
      );
      return output
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\t'));
    },
  };
}
