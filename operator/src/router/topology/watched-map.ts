import { parseShardMap, SHARD_MAP_NAMES, type ShardMap, shardMapName } from '../../api/v1alpha1/index.ts';
import { createInformer } from '../../runtime/cache/informer.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { defineResource, type KubernetesObject } from '../../runtime/objects.ts';
import { type MapSource, NewestMap } from './map-source.ts';

export interface WatchedMapOptions {
  readonly client: ApiClient;
  readonly namespace: string;
  /** Name of the ShardedCluster. */
  readonly cluster: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

const shardMaps = defineResource<ShardMap & KubernetesObject>(SHARD_MAP_NAMES);

/**
 * The ShardMap of one cluster as the API server has it; needs the right to get, list and watch that one object. A map that
 * was deleted stays in use: the operator rebuilds it, and the databases refuse what they do not own meanwhile.
 */
export function createWatchedMap(options: WatchedMapOptions): MapSource {
  const { client, namespace, cluster, clock, logger, random } = options;
  const name = shardMapName(cluster);
  const newest = new NewestMap();
  const informer = createInformer({
    client,
    clock,
    logger,
    random,
    type: shardMaps,
    namespaces: [namespace],
    fieldSelector: `metadata.name=${name}`,
  });
  const accept = (object: unknown): void => {
    try {
      newest.offer(parseShardMap(object).spec);
    } catch (error) {
      logger.error('the ShardMap cannot be understood; the former one stays in use', errorFields(error));
    }
  };
  informer.onChange((change) => {
    if (change.type === 'deleted') {
      logger.warn('the ShardMap is gone; the last one stays in use');
    } else {
      accept(change.object);
    }
  });
  return {
    current: () => newest.current(),
    onChange: (handler) => newest.onChange(handler),
    run: (signal) => informer.run(signal),
  };
}
