import { HOLD_CAUSES, type HoldCause } from '../topology/statement-hold.ts';
import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';

/** What a worker counts. */
export interface RouterMetrics {
  /** A statement was routed: by the kind of its route. */
  routed(kind: string): void;
  /** A statement has ended. */
  finished(seconds: number, code: string): void;
  /** A statement waits, once more. */
  held(cause: HoldCause): void;
  /** A statement that had waited does so no longer. */
  released(cause: HoldCause, seconds: number): void;
  /** A connection is kept for a session, and why. */
  pinned(reason: string): void;
  /** A feature was refused. */
  refused(feature: string): void;
}

/** Seconds; the router's own share is far below the first. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Durations that are counted together: one after the other costs a fraction of one now and then. */
const OBSERVED_TOGETHER = 256;

/** Adds a worker's metrics to a registry. `figures` are asked at scrape time. */
export function createRouterMetrics(
  registry: Registry,
  figures: {
    readonly connections: () => number;
    readonly held: () => ReadonlyMap<HoldCause, number>;
    readonly moves: () => number;
    readonly revision: () => number;
    readonly pools: () => readonly {
      readonly pod: string;
      readonly idle: number;
      readonly lent: number;
      readonly opening: number;
      readonly waiting: number;
    }[];
  },
): RouterMetrics {
  const registers = [registry];
  const routed = new Map<string, number>();
  const routes: Counter<'route'> = new Counter({
    name: 'shardwright_router_statements_total',
    help: 'Statements by where they went: single, split, scatter, definition, session, refused',
    labelNames: ['route'] as const,
    registers,
    // Finding a child by its labels costs more than counting: that is done when somebody asks.
    collect() {
      for (const [route, count] of routed) {
        routes.inc({ route }, count);
      }
      routed.clear();
    },
  });
  const unobserved: number[] = [];
  const observe = (): void => {
    for (const took of unobserved) {
      seconds.observe(took);
    }
    unobserved.length = 0;
  };
  const seconds: Histogram = new Histogram({
    name: 'shardwright_router_statement_duration_seconds',
    help: 'From the arrival of a statement to the end of its answer',
    buckets: BUCKETS,
    registers,
    collect: observe,
  });
  const errors = new Counter({
    name: 'shardwright_router_errors_total',
    help: 'Errors told to clients, by number',
    labelNames: ['errno'] as const,
    registers,
  });
  const waits = new Counter({
    name: 'shardwright_router_hold_waits_total',
    help: 'Times that statements waited: for a primary, a switch to another shard, a newer map, or the end of a copy',
    labelNames: ['cause'] as const,
    registers,
  });
  const holds = new Histogram({
    name: 'shardwright_router_hold_duration_seconds',
    help: 'How long statements waited that had to',
    buckets: BUCKETS,
    labelNames: ['cause'] as const,
    registers,
  });
  const pins = new Counter({
    name: 'shardwright_router_pins_total',
    help: 'Server connections kept for one session, by reason',
    labelNames: ['reason'] as const,
    registers,
  });
  const refusals = new Counter({
    name: 'shardwright_router_refusals_total',
    help: 'Statements refused, by feature',
    labelNames: ['feature'] as const,
    registers,
  });
  const gauge = (name: string, help: string, read: () => number, ofWorkers: 'sum' | 'max'): Gauge => {
    const created: Gauge = new Gauge({
      name: `shardwright_router_${name}`,
      help,
      registers,
      aggregator: ofWorkers,
      collect: () => created.set(read()),
    });
    return created;
  };
  gauge('client_connections', 'Connections of applications', figures.connections, 'sum');
  const held: Gauge<'cause'> = new Gauge({
    name: 'shardwright_router_held_statements',
    help: 'Statements that wait now, by what they waited for first',
    labelNames: ['cause'] as const,
    registers,
    collect() {
      const counts = figures.held();
      for (const cause of HOLD_CAUSES) {
        held.set({ cause }, counts.get(cause) ?? 0);
      }
    },
  });
  // Workers read the same map: their figures are not to be added up.
  gauge(
    'moving_databases',
    'Databases that move between shards, by the ShardMap in use',
    figures.moves,
    'max',
  );
  gauge('map_revision', 'Revision of the ShardMap in use', figures.revision, 'max');
  const servers: Gauge<'pod' | 'state'> = new Gauge({
    name: 'shardwright_router_server_connections',
    help: 'Connections to servers, and statements that wait for one',
    labelNames: ['pod', 'state'] as const,
    registers,
    collect() {
      servers.reset();
      for (const { pod, idle, lent, opening, waiting } of figures.pools()) {
        servers.set({ pod, state: 'idle' }, idle);
        servers.set({ pod, state: 'lent' }, lent);
        servers.set({ pod, state: 'opening' }, opening);
        servers.set({ pod, state: 'waiting' }, waiting);
      }
    },
  });
  return {
    routed: (route) => void routed.set(route, (routed.get(route) ?? 0) + 1),
    finished(took, code) {
      unobserved.push(took);
      if (unobserved.length === OBSERVED_TOGETHER) {
        observe();
      }
      if (code !== '') {
        errors.inc({ errno: code });
      }
    },
    held: (cause) => waits.inc({ cause }),
    released: (cause, waited) => holds.observe({ cause }, waited),
    pinned: (reason) => pins.inc({ reason }),
    refused: (feature) => refusals.inc({ feature }),
  };
}
