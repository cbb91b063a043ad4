import type { Fingerprint } from '../database/data-set.ts';
import { fingerprint } from '../database/data-set.ts';
import type { SqlClient } from '../database/sql-client.ts';
import type { Kubectl } from '../install/kubectl.ts';
import { renderTable } from './table.ts';

interface ClusterStatus {
  readonly status?: {
    readonly shards?: readonly {
      readonly name: string;
      readonly instances?: readonly {
        readonly pod: string;
        readonly role?: string;
        readonly gtid?: string;
        readonly lagSeconds?: number | null;
        readonly healthy: boolean;
      }[];
    }[];
  };
}

/** Every instance, as the status tells and as a client reads it: role, position, lag, rows and their checksum. */
export async function showInstances(
  kubectl: Kubectl,
  client: SqlClient,
  key: { readonly namespace: string; readonly name: string },
): Promise<string[]> {
  const { status } = await kubectl.get<ClusterStatus>([
    'shardedcluster',
    key.name,
    `--namespace=${key.namespace}`,
  ]);
  const rows: (string | undefined)[][] = [];
  for (const { name, instances = [] } of status?.shards ?? []) {
    for (const { pod, role, gtid, lagSeconds, healthy } of instances) {
      const found: Fingerprint | undefined = await fingerprint(client, `${pod}.${name}`).catch(
        () => undefined,
      );
      const lag = lagSeconds === undefined || lagSeconds === null ? 'unknown' : `${lagSeconds.toFixed(1)} s`;
      rows.push([
        pod,
        role,
        healthy ? 'yes' : 'no',
        gtid,
        role === 'primary' ? '-' : lag,
        found === undefined ? undefined : String(found.rows),
        found?.checksum,
      ]);
    }
  }
  return renderTable(['INSTANCE', 'ROLE', 'HEALTHY', 'GTID', 'LAG', 'ROWS', 'CHECKSUM'], rows);
}
