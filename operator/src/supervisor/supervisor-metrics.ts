import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';
import type { ClusterKey, PromotionReport } from '../core/instance-report.ts';

/** What the supervisor counts. */
export interface SupervisorMetrics {
  /** A promotion has come about; its phases are known as far as they ever will be. */
  promoted(report: PromotionReport): void;
  /** Whether a promotion is wanted in a shard and refused. */
  blocked(cluster: ClusterKey, shard: number, isBlocked: boolean): void;
  /** A look at a shard that was thrown away because our own event loop had been held up. */
  stalledLook(): void;
}

/** Counts nothing. */
export const noSupervisorMetrics: SupervisorMetrics = {
  promoted() {},
  blocked() {},
  stalledLook() {},
};

/** From a millisecond to a minute, in seconds. */
const PHASE_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Metrics in a registry, prefixed `shardwright_`. */
export function createSupervisorMetrics(registry: Registry): SupervisorMetrics {
  const registers = [registry];
  const phases = new Histogram({
    name: 'shardwright_failover_phase_seconds',
    help: 'How long each part of a promotion took',
    labelNames: ['phase'] as const,
    buckets: PHASE_BUCKETS,
    registers,
  });
  const failovers = new Counter({
    name: 'shardwright_failovers_total',
    help: 'Promotions that came about, by the reason for which the former primary was given up',
    labelNames: ['reason'] as const,
    registers,
  });
  const losses = new Counter({
    name: 'shardwright_failovers_with_possible_loss_total',
    help: 'Promotions after which acknowledged writes may be missing',
    registers,
  });
  const blockedShards = new Gauge({
    name: 'shardwright_failover_blocked',
    help: 'Whether a shard wants a promotion and none is allowed',
    labelNames: ['namespace', 'cluster', 'shard'] as const,
    registers,
  });
  const stalls = new Counter({
    name: 'shardwright_supervisor_stalled_looks_total',
    help: 'Looks at a shard that were thrown away because the event loop had been held up',
    registers,
  });
  return {
    promoted({ reason, phases: measured, mayBeMissing }) {
      failovers.inc({ reason });
      losses.inc(mayBeMissing === null ? 0 : 1);
      for (const [phase, milliseconds] of Object.entries(measured)) {
        phases.observe({ phase }, milliseconds / 1000);
      }
    },
    blocked({ namespace, name }, shard, isBlocked) {
      blockedShards.set({ namespace, cluster: name, shard: String(shard) }, isBlocked ? 1 : 0);
    },
    stalledLook: () => stalls.inc(),
  };
}
