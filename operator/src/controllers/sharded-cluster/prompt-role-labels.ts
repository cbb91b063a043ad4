import type { ShardedCluster, ShardMap } from '../../api/v1alpha1/index.ts';
import type { Change } from '../../runtime/cache/change.ts';
import type { Logger } from '../../runtime/logger.ts';
import { errorFields } from '../../runtime/logger.ts';
import { formatKey, isBeingDeleted } from '../../runtime/objects.ts';
import type { ClusterCaches } from './caches.ts';
import { shardMapOwnership } from './ownership.ts';
import type { RoleLabeller } from './role-labeller.ts';

/** What the labels of pods are brought after the map with. */
export interface PromptRoleLabelsOptions {
  readonly caches: Pick<ClusterCaches, 'clusters' | 'shardMaps'>;
  readonly labeller: RoleLabeller;
  readonly logger: Logger;
}

/**
 * Has the Services follow the map the moment it changes. A pass over the whole cluster does the same, and what fails
 * here is left to it, but one may be under way, or waiting to be repeated, when a primary is replaced.
 */
export class PromptRoleLabels {
  readonly name = 'role-labels';
  readonly #options: PromptRoleLabelsOptions;

  constructor(options: PromptRoleLabelsOptions) {
    this.#options = options;
  }

  /** Runs until the signal aborts, then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    const work = new Set<Promise<void>>();
    const forget = this.#options.caches.shardMaps.onChange((change) => {
      for (const number of changedShards(change)) {
        const labelled = this.#label(change.object, number, signal);
        work.add(labelled);
        void labelled.finally(() => work.delete(labelled));
      }
    });
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) {
        resolve();
      }
    });
    forget();
    await Promise.all(work);
  }

  async #label({ metadata, spec }: ShardMap, number: number, signal: AbortSignal): Promise<void> {
    const { caches, labeller, logger } = this.#options;
    const { namespace, name } = metadata;
    const cluster: ShardedCluster | undefined = caches.clusters.get({ namespace, name });
    const map = caches.shardMaps.get({ namespace, name });
    const isOurs =
      cluster !== undefined && map !== undefined && shardMapOwnership(map, cluster) !== 'foreign';
    if (!isOurs || isBeingDeleted(cluster) || cluster.spec.suspend) {
      return;
    }
    try {
      await labeller.label({ namespace, name }, number, spec, signal);
    } catch (error) {
      if (!signal.aborted) {
        logger.info('the labels of pods are left to the next pass', {
          cluster: formatKey(cluster.metadata),
          shard: number,
          ...errorFields(error),
        });
      }
    }
  }
}

/** Shards of which another pod is the primary, or none, than before. */
function changedShards(change: Change<ShardMap>): number[] {
  if (change.type === 'deleted') {
    return [];
  }
  const before = change.type === 'updated' ? change.previous.spec.shards : [];
  return change.object.spec.shards
    .filter(({ number, primary }) => before.find((shard) => shard.number === number)?.primary !== primary)
    .map(({ number }) => number);
}
