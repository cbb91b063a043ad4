import type { ShardedCluster, ShardedClusterStatus } from '../../api/v1alpha1/index.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { EventRecorder } from '../../runtime/events/recorder.ts';
import type { ObjectKey } from '../../runtime/objects.ts';
import { formatKey, keyOf } from '../../runtime/objects.ts';
import { shardedClusters } from './resource-types.ts';
import { decideStatusWrite } from './status/status-write.ts';
import { transitionEvents } from './status/transition-events.ts';

/** What a status writer works with. */
export interface StatusWriterOptions {
  readonly client: ApiClient;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
}

/** What came of a status. */
export interface StatusOutcome {
  /** The cluster as it now is; unchecked when it was read back from the API server. */
  readonly cluster: ShardedCluster;
  /** Milliseconds until figures held back may be written; `undefined` when none are. */
  readonly retryAfter: number | undefined;
}

/** Writes statuses when it is worth it, and tells in events what has changed. */
export class StatusWriter {
  readonly #client: ApiClient;
  readonly #recorder: EventRecorder;
  readonly #clock: Clock;
  /** When each status was last written, on the monotonic clock. */
  readonly #written = new Map<string, number>();

  constructor({ client, recorder, clock }: StatusWriterOptions) {
    this.#client = client;
    this.#recorder = recorder;
    this.#clock = clock;
  }

  /** Fails with `Conflict` when the cluster has changed since it was read. */
  async write(
    cluster: ShardedCluster,
    next: ShardedClusterStatus,
    signal: AbortSignal,
  ): Promise<StatusOutcome> {
    const key = formatKey(keyOf(cluster));
    const last = this.#written.get(key);
    const since = last === undefined ? undefined : this.#clock.monotonic() - last;
    const decision = decideStatusWrite(cluster.status, next, since);
    if (decision.kind !== 'write') {
      return { cluster, retryAfter: decision.kind === 'later' ? decision.milliseconds : undefined };
    }
    const written = await this.#client.replace(
      shardedClusters,
      { ...cluster, status: next },
      { subresource: 'status' },
      signal,
    );
    this.#written.set(key, this.#clock.monotonic());
    for (const event of transitionEvents(cluster.status?.conditions ?? [], next.conditions ?? [])) {
      this.#recorder.event(cluster, event);
    }
    return { cluster: written, retryAfter: undefined };
  }

  /** Forgets a cluster that is gone. */
  forget(key: ObjectKey): void {
    this.#written.delete(formatKey(key));
  }
}
