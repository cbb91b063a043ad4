import { connect } from '../../../operator/src/runtime/client/connect.ts';
import type { HistoryWriter } from '../history/history-file.ts';
import { watchMember } from './member-watch.ts';
import { openSession } from './session.ts';
import type { ClientSettings } from './settings.ts';
import type { ShardMapWatch } from './shard-map-watch.ts';
import { watchShardMap } from './shard-map-watch.ts';

/** What a process knows that follows the cluster. */
export interface FollowedCluster {
  readonly map: ShardMapWatch;
  /** Each ends with the signal. */
  readonly running: readonly Promise<void>[];
  close(): Promise<void>;
}

const INSTANCES = 3;
/** A member that does not answer in this time counts as one that cannot be reached. */
const LIMIT_MILLISECONDS = 1000;

/** Watches the map, and asks every member whether it takes writes; both go into the history. */
export async function followCluster(
  settings: ClientSettings,
  file: HistoryWriter,
  signal: AbortSignal,
): Promise<FollowedCluster> {
  const { kubeconfigPath, cluster, shard } = settings;
  const connection = await connect({ kubeconfigPath, userAgent: 'shardwright-chaos' });
  const map = watchShardMap(
    connection.client,
    settings,
    (change) => file.write({ type: 'map', change }),
    signal,
  );
  const running = Array.from({ length: INSTANCES }, (_, ordinal) => {
    const member = `${cluster}-shard-${shard}-${ordinal}`;
    return watchMember(
      member,
      () => map.podAddresses().get(member),
      (host) =>
        openSession({
          ...settings,
          host,
          connectMilliseconds: LIMIT_MILLISECONDS,
          statementMilliseconds: LIMIT_MILLISECONDS,
        }),
      (sample) => file.write({ type: 'sample', sample }),
      signal,
    );
  });
  return { map, running, close: () => connection.close() };
}
