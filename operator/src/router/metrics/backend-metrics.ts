import { Counter, Histogram, type Registry } from '@prometheus-io/client';
import type { BackendErrorCode } from '../backend/backend-error.ts';

/** Where a lent connection came from. */
export type LoanSource = 'idle' | 'waited';

/** What server connections and their pools report about themselves. `pod` names the server. */
export interface BackendMetrics {
  /** A login has succeeded, after so many seconds. */
  opened(pod: string, seconds: number): void;
  /** A login has failed. */
  refused(pod: string, code: BackendErrorCode): void;
  /** A connection that was there has ended. */
  ended(pod: string, code: BackendErrorCode): void;
  /** A connection was lent; `seconds`: how long somebody had to wait for it. */
  lent(pod: string, source: LoanSource, seconds: number): void;
  /** Nobody could be lent a connection in time. */
  notLent(pod: string, code: BackendErrorCode): void;
  /** A connection was made fresh again before it was lent to somebody else. */
  reset(pod: string): void;
}

/** Counts nothing. */
export const noBackendMetrics: BackendMetrics = {
  opened() {},
  refused() {},
  ended() {},
  lent() {},
  notLent() {},
  reset() {},
};

/** Seconds. A connection on the same machine is made in a few milliseconds; a hanging server is given up after some seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Adds the metrics of server connections to a registry. */
export function createBackendMetrics(registry: Registry): BackendMetrics {
  const registers = [registry];
  const logins = new Histogram({
    name: 'shardwright_router_server_login_duration_seconds',
    help: 'From the first packet to a session at a server',
    labelNames: ['pod'] as const,
    buckets: BUCKETS,
    registers,
  });
  const failures = new Counter({
    name: 'shardwright_router_server_login_failures_total',
    help: 'Logins at servers that failed, by reason',
    labelNames: ['pod', 'reason'] as const,
    registers,
  });
  const ends = new Counter({
    name: 'shardwright_router_server_connections_ended_total',
    help: 'Server connections that ended, by reason; Retired: the router closed them',
    labelNames: ['pod', 'reason'] as const,
    registers,
  });
  const lent = { idle: new Map<string, number>(), waited: new Map<string, number>() } as const;
  const loans: Counter<'pod' | 'source'> = new Counter({
    name: 'shardwright_router_server_loans_total',
    help: 'Server connections lent to sessions: idle ones, and those that had to be waited for',
    labelNames: ['pod', 'source'] as const,
    registers,
    // Finding a child by its labels costs more than counting: that is done when somebody asks.
    collect() {
      for (const source of ['idle', 'waited'] as const) {
        for (const [pod, count] of lent[source]) {
          loans.inc({ pod, source }, count);
        }
        lent[source].clear();
      }
    },
  });
  const waits = new Histogram({
    name: 'shardwright_router_server_wait_duration_seconds',
    help: 'How long sessions waited for a server connection, where none was idle',
    labelNames: ['pod'] as const,
    buckets: BUCKETS,
    registers,
  });
  const refusals = new Counter({
    name: 'shardwright_router_server_loan_failures_total',
    help: 'Sessions that got no server connection, by reason',
    labelNames: ['pod', 'reason'] as const,
    registers,
  });
  const resets = new Counter({
    name: 'shardwright_router_server_resets_total',
    help: 'Server connections that were made fresh before another session got them',
    labelNames: ['pod'] as const,
    registers,
  });
  return {
    opened: (pod, seconds) => logins.observe({ pod }, seconds),
    refused: (pod, reason) => failures.inc({ pod, reason }),
    ended: (pod, reason) => ends.inc({ pod, reason }),
    lent(pod, source, seconds) {
      lent[source].set(pod, (lent[source].get(pod) ?? 0) + 1);
      if (source === 'waited') {
        waits.observe({ pod }, seconds);
      }
    },
    notLent: (pod, reason) => refusals.inc({ pod, reason }),
    reset: (pod) => resets.inc({ pod }),
  };
}
