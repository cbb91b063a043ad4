import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';

/** What a worker counts. */
export interface RouterMetrics {
  /** A statement was routed: by the kind of its route. */
  routed(kind: string): void;
  /** A statement has ended. */
  finished(seconds: number, code: string): void;
  /** A statement waits for a primary, once more. */
  held(): void;
  /** A connection is kept for a session, and why. */
  pinned(reason: string): void;
  /** A feature was refused. */
  refused(feature: string): void;
}

/** Seconds; the router's own share is far below the first. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Adds a worker's metrics to a registry. `figures` are asked at scrape time. */
export function createRouterMetrics(
  registry: Registry,
  figures: {
    readonly connections: () => number;
    readonly held: () => number;
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
  const routes = new Counter({
    name: 'shardwright_router_statements_total',
    help: 'Statements by where they went: single, split, scatter, definition, session, refused',
    labelNames: ['route'] as const,
    registers,
  });
  const seconds = new Histogram({
    name: 'shardwright_router_statement_duration_seconds',
    help: 'From the arrival of a statement to the end of its answer',
    buckets: BUCKETS,
    registers,
  });
  const errors = new Counter({
    name: 'shardwright_router_errors_total',
    help: 'Errors told to clients, by number',
    labelNames: ['errno'] as const,
    registers,
  });
  const waits = new Counter({
    name: 'shardwright_router_hold_waits_total',
    help: 'Times that statements waited for a shard without a usable primary',
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
  const gauge = (name: string, help: string, read: () => number): Gauge => {
    const created: Gauge = new Gauge({
      name: `shardwright_router_${name}`,
      help,
      registers,
      collect: () => created.set(read()),
    });
    return created;
  };
  gauge('client_connections', 'Connections of applications', figures.connections);
  gauge('held_statements', 'Statements that wait for a primary now', figures.held);
  gauge('map_revision', 'Revision of the ShardMap in use', figures.revision);
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
    routed: (route) => routes.inc({ route }),
    finished(took, code) {
      seconds.observe(took);
      if (code !== '') {
        errors.inc({ errno: code });
      }
    },
    held: () => waits.inc(),
    pinned: (reason) => pins.inc({ reason }),
    refused: (feature) => refusals.inc({ feature }),
  };
}
