import type { Position } from '../engines/position.ts';
import type { Clock } from '../runtime/clock.ts';
import { departedAckers } from './decide-map-upkeep.ts';
import { FRESH_MILLISECONDS, type ShardObservation, stateOf } from './observe-shard.ts';

/** From when a pod is seen gone until whatever the primary says was observed after that. */
const DEPARTURE_MILLISECONDS = 4 * FRESH_MILLISECONDS;

/** An acker that is gone. */
interface Departure {
  /** Monotonic milliseconds. */
  readonly seenAt: number;
  /** Where the primary was later. */
  readonly until?: Position;
}

/** Remembers where the primary was when ackers were removed: what they may have acknowledged lies before. */
export class Departures {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #departures = new Map<string, Departure>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Where the primary was after each had gone, as far as that is known; by pod. */
  get positions(): ReadonlyMap<string, Position> {
    return new Map(
      [...this.#departures].flatMap(([pod, { until }]) =>
        until === undefined ? [] : [[pod, until] as const],
      ),
    );
  }

  /** Takes an observation in. */
  note(observation: ShardObservation): void {
    const departed = new Set(departedAckers(observation).map(({ pod }) => pod));
    for (const pod of this.#departures.keys()) {
      if (!departed.has(pod)) {
        this.#departures.delete(pod);
      }
    }
    const primary = stateOf(observation, observation.shard.primary)?.member;
    const now = this.#clock.monotonic();
    for (const pod of departed) {
      const { seenAt, until } = this.#departures.get(pod) ?? { seenAt: now };
      const isLater = now - seenAt >= DEPARTURE_MILLISECONDS && primary?.role.kind === 'primary';
      this.#departures.set(pod, {
        seenAt,
        ...(isLater ? { until: until ?? primary.applied } : until && { until }),
      });
    }
  }
}
