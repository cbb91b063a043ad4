import type { EventReason, ShardedCluster } from '../../api/v1alpha1/index.ts';
import type { MoveViews } from '../../core/move-view.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { formatKey } from '../../runtime/objects.ts';
import { type Creation, nextName } from './decide-creation.ts';
import {
  decideSplit,
  findGrownSlots,
  findUncounted,
  type GrownSince,
  type GrownSlot,
  noteGrownSlots,
} from './decide-split.ts';
import { makePlan } from './make-plan.ts';
import type { ClusterObservation } from './observe.ts';

/** What automatic splits work with. */
export interface AutomaticSplitsOptions {
  readonly views: Pick<MoveViews, 'middleKey'>;
  readonly tell: (cluster: ShardedCluster, reason: EventReason, note: string) => void;
  readonly logger: Logger;
}

/** A slot that cannot be split now is looked at again after so long: what is in the way takes a person. Milliseconds. */
const REFUSED_MILLISECONDS = 600_000;

/** A server that counts rows says so after its second measurement, a minute after the first. Milliseconds. */
const COUNTING_MILLISECONDS = 300_000;

/** Finds the slots of all clusters that are to be split by themselves, and the keys. Remembers since when they have been too large. */
export class AutomaticSplits {
  readonly #options: AutomaticSplitsOptions;
  /** By cluster. */
  readonly #since = new Map<string, GrownSince>();
  /** Since when nobody counts the rows of keyspaces that have a threshold of them, by cluster and name. */
  readonly #uncountedSince = new Map<string, ReadonlyMap<string, number>>();
  /** Until when slots are left alone, in milliseconds since the epoch, by cluster and database. */
  readonly #refusedUntil = new Map<string, number>();

  constructor(options: AutomaticSplitsOptions) {
    this.#options = options;
  }

  /** The ShardRebalance that is to be made for a slot that has grown; null for none. */
  async find(observation: ClusterObservation, signal: AbortSignal): Promise<Creation | null> {
    const { cluster, now } = observation;
    const key = formatKey(cluster.metadata);
    const grown = findGrownSlots(observation);
    const since = noteGrownSlots(this.#since.get(key) ?? new Map(), grown, now);
    this.#since.set(key, since);
    this.#tellUncounted(observation);
    const slot = decideSplit(observation, grown, since).find(
      ({ database }) => (this.#refusedUntil.get(`${key}/${database}`) ?? 0) <= now,
    );
    if (slot === undefined) {
      return null;
    }
    const creation = await this.#describe(observation, slot, signal);
    if (typeof creation !== 'string') {
      return creation;
    }
    this.#refusedUntil.set(`${key}/${slot.database}`, now + REFUSED_MILLISECONDS);
    this.#options.tell(cluster, 'SplitNotPossible', `${slot.reason} It is not split by itself: ${creation}`);
    return null;
  }

  /** A threshold that nothing is ever over, since nobody measures. */
  #tellUncounted(observation: ClusterObservation): void {
    const { cluster, now } = observation;
    const key = formatKey(cluster.metadata);
    const before = this.#uncountedSince.get(key);
    const since = new Map(findUncounted(observation).map((name) => [name, before?.get(name) ?? now]));
    this.#uncountedSince.set(key, since);
    for (const [name] of [...since].filter(([, at]) => now - at >= COUNTING_MILLISECONDS)) {
      since.set(name, now + REFUSED_MILLISECONDS - COUNTING_MILLISECONDS);
      const note = `${name} has a maxRowsPerSecond, and its servers do not count rows: add userstat = 1 to spec.config.`;
      this.#options.tell(cluster, 'SplitNotPossible', note);
    }
  }

  /** To be called when it was made. */
  noteCreated(cluster: ShardedCluster, { name, spec: { reason = '', split } }: Creation): void {
    if (split !== undefined) {
      const note = `${reason} The ShardRebalance ${name} splits it at ${JSON.stringify(split.at)}.`;
      this.#options.tell(cluster, 'SplitBegun', note);
    }
  }

  /** Or why there can be none, as a sentence. */
  async #describe(
    observation: ClusterObservation,
    { keyspace, slot, shard, database, reason }: GrownSlot,
    signal: AbortSignal,
  ): Promise<Creation | string> {
    const { views, logger } = this.#options;
    const { metadata } = observation.cluster;
    const { defaultKey = null, tables = [] } =
      observation.map.keyspaces?.find(({ name }) => name === keyspace) ?? {};
    const keys = tables.flatMap(({ name, key }) => (key === undefined ? [] : [{ table: name, column: key }]));
    let at: string;
    try {
      at = await views.middleKey(metadata, shard, { database, defaultKey, keys }, signal);
    } catch (error) {
      signal.throwIfAborted();
      logger.warn('the middle of a slot was not found', { database, ...errorFields(error) });
      return `its middle was not found (${error instanceof Error ? error.message : String(error)}).`;
    }
    const split = { keyspace, slot, at };
    const outcome = makePlan({ split }, observation);
    if (outcome.kind === 'refused') {
      return outcome.message;
    }
    const tight = outcome.plan.warnings.find(({ code }) => code === 'VolumeNearlyFull');
    return tight === undefined
      ? {
          name: nextName(metadata.name, observation.rebalances),
          spec: { clusterName: metadata.name, split, reason },
        }
      : tight.message;
  }
}
