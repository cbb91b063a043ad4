/** An application that has not been changed: MariaDB's command line, fed with one INSERT after the other, through the router. */
import { waitFor } from '../cluster/machine/wait.ts';
import type { SqlClient } from '../database/sql-client.ts';
import type { Kubectl } from '../install/kubectl.ts';

/** It runs until it is stopped. */
export interface LiveApplication {
  /** Waits until so many of its rows are there. Rejects when one of its statements failed, or after a minute. */
  untilWritten(rows: number): Promise<void>;
  /** Stops it; resolves with the rows it was told are there. Rejects when one of its statements failed. */
  stop(): Promise<number>;
}

const TABLE_MILLISECONDS = 90_000;
const WRITTEN_MILLISECONDS = 60_000;
const STOP_FILE = '/tmp/stop-demo-application';

/** The client ends at its first error, and with it the loop; otherwise the loop says how many rows it has sent. */
const SCRIPT = `
rm -f ${STOP_FILE}
options=$(mktemp)
trap 'rm -f "$options"' EXIT
cat > "$options"
count=0
while [ ! -e ${STOP_FILE} ]; do
  count=$((count + 1))
  echo "INSERT INTO shop.orders (customer_id, amount) VALUES ($count, $((count % 100)));"
  sleep 0.01
done > >(mariadb --defaults-file="$options" --host="$1" --unbuffered)
wait $! && echo "$count"
`;

/**
 * Makes its table, as soon as that is possible: nodes lead to a router some time after it is ready, and servers make the
 * databases of slots some time after they have begun to serve. @throws ClusterError `Timeout`, with the last error
 */
export async function makeOrders(
  client: SqlClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<void> {
  const sql = 'CREATE TABLE IF NOT EXISTS shop.orders (customer_id BIGINT PRIMARY KEY, amount INT NOT NULL)';
  await waitFor(`the Service ${name}.${namespace}.svc to take a table`, () => client.query(name, sql), {
    timeoutMilliseconds: TABLE_MILLISECONDS,
    everyMilliseconds: 300,
  });
}

/** Starts it within the pod `from`; `client` is the application in the keyspace, too. */
export function startLiveApplication(
  kubectl: Kubectl,
  client: SqlClient,
  cluster: { readonly namespace: string; readonly name: string },
  from: string,
): LiveApplication {
  const place = ['exec', '--stdin', from, `--namespace=${cluster.namespace}`, '--container=mariadb', '--'];
  const running = kubectl.run(
    [...place, 'bash', '-c', SCRIPT, 'application', `${cluster.name}.${cluster.namespace}.svc`],
    {
      input: client.options,
    },
  );
  running.catch(() => undefined);
  const areWritten = async (rows: number): Promise<true | undefined> => {
    const [[count] = []] = await client.query(cluster.name, 'SELECT COUNT(*) FROM shop.orders');
    return Number(count) >= rows ? true : undefined;
  };
  return {
    async untilWritten(rows) {
      const written = waitFor(`${rows} rows to be written`, () => areWritten(rows), {
        timeoutMilliseconds: WRITTEN_MILLISECONDS,
      });
      await Promise.race([written, running]);
    },
    async stop() {
      await kubectl.run([...place, 'touch', STOP_FILE]);
      return Number((await running).trim());
    },
  };
}
