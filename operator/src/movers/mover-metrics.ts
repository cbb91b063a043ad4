import { Counter, Histogram, type Registry } from '@prometheus-io/client';

/** What movers count. */
export interface MoverMetrics {
  /** A slot, or what else moves, has another owner; clients waited so long, where that is known. */
  flipped(pauseMilliseconds: number | null): void;
  /** A cut-over was given up and is tried again. */
  undone(): void;
  /** A move has left the map: at its target, or back where it was. */
  ended(outcome: 'moved' | 'returned'): void;
}

/** Counts nothing. */
export const noMoverMetrics: MoverMetrics = { flipped() {}, undone() {}, ended() {} };

/** From a millisecond to ten seconds, in seconds. */
const PAUSE_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10];

/** Metrics in a registry, prefixed `shardwright_rebalance_`. */
export function createMoverMetrics(registry: Registry): MoverMetrics {
  const registers = [registry];
  const pauses = new Histogram({
    name: 'shardwright_rebalance_switch_pause_seconds',
    help: 'How long statements of a slot waited while it was cut over',
    buckets: PAUSE_BUCKETS,
    registers,
  });
  const undone = new Counter({
    name: 'shardwright_rebalance_switches_undone_total',
    help: 'Cut-overs that were given up and tried again later',
    registers,
  });
  const ended = new Counter({
    name: 'shardwright_rebalance_moves_total',
    help: 'Moves that have ended, by where what they moved is now',
    labelNames: ['outcome'] as const,
    registers,
  });
  return {
    flipped(pauseMilliseconds) {
      if (pauseMilliseconds !== null) {
        pauses.observe(pauseMilliseconds / 1000);
      }
    },
    undone: () => undone.inc(),
    ended: (outcome) => ended.inc({ outcome }),
  };
}
