import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import type { MetricsPage } from './metrics-page.ts';
import type { RuntimeMetrics } from './metrics.ts';

export interface PrometheusMetrics {
  readonly metrics: RuntimeMetrics;
  /** For metrics of your own. */
  readonly registry: Registry;
  readonly page: MetricsPage;
}

/** The buckets of client-go's work queue, in seconds. */
const QUEUE_BUCKETS = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000];
/** The buckets of controller-runtime's reconcile times, in seconds, thinned out. */
const RECONCILE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * Metrics under the names controller-runtime and client-go use, so that their dashboards and alerts fit, in a
 * registry of their own.
 */
export function createPrometheusMetrics(): PrometheusMetrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    page: { contentType: registry.contentType, render: () => registry.metrics() },
    metrics: {
      queue: queueMetrics(registers),
      controller: controllerMetrics(registers),
      reflector: reflectorMetrics(registers),
      client: clientMetrics(registers),
      leader: leaderMetrics(registers),
    },
  };
}

type QueueGauge = Gauge<'name' | 'controller'>;

function queueMetrics(registers: Registry[]): RuntimeMetrics['queue'] {
  const labelNames = ['name', 'controller'] as const;
  const common = { labelNames, registers };
  const depth = new Gauge({ name: 'workqueue_depth', help: 'Keys waiting', ...common });
  const adds = new Counter({ name: 'workqueue_adds_total', help: 'Keys queued', ...common });
  const retries = new Counter({
    name: 'workqueue_retries_total',
    help: 'Keys queued for another attempt',
    ...common,
  });
  const waits = new Histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'How long keys wait before they are taken',
    buckets: QUEUE_BUCKETS,
    ...common,
  });
  const works = new Histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'How long work on a key takes',
    buckets: QUEUE_BUCKETS,
    ...common,
  });
  const observers = new Map<string, () => readonly number[]>();
  const observe = (gauge: QueueGauge, value: (seconds: readonly number[]) => number): void => {
    for (const [name, secondsOfEach] of observers) {
      gauge.set({ name, controller: name }, value(secondsOfEach()));
    }
  };
  const unfinished: QueueGauge = new Gauge({
    name: 'workqueue_unfinished_work_seconds',
    help: 'Sum of how long the keys in work have been so',
    ...common,
    collect: () => observe(unfinished, (seconds) => seconds.reduce((sum, each) => sum + each, 0)),
  });
  const longest: QueueGauge = new Gauge({
    name: 'workqueue_longest_running_processor_seconds',
    help: 'How long the longest work under way has taken',
    ...common,
    collect: () => observe(longest, (seconds) => Math.max(0, ...seconds)),
  });
  return (name) => {
    const labels = { name, controller: name };
    depth.set(labels, 0);
    adds.inc(labels, 0);
    retries.inc(labels, 0);
    return {
      depth: (count) => depth.set(labels, count),
      added: () => adds.inc(labels),
      retried: () => retries.inc(labels),
      waited: (seconds) => waits.observe(labels, seconds),
      worked: (seconds) => works.observe(labels, seconds),
      observeUnfinished: (secondsOfEach) => void observers.set(name, secondsOfEach),
    };
  };
}

function controllerMetrics(registers: Registry[]): RuntimeMetrics['controller'] {
  const common = { labelNames: ['controller'] as const, registers };
  const total = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Reconciles by result',
    labelNames: ['controller', 'result'] as const,
    registers,
  });
  const errors = new Counter({
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Reconciles that failed',
    ...common,
  });
  const terminal = new Counter({
    name: 'controller_runtime_terminal_reconcile_errors_total',
    help: 'Reconciles that failed and are not tried again until a change',
    ...common,
  });
  const time = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'How long reconciles take',
    buckets: RECONCILE_BUCKETS,
    ...common,
  });
  const active = new Gauge({
    name: 'controller_runtime_active_workers',
    help: 'Reconciles under way',
    ...common,
  });
  const most = new Gauge({
    name: 'controller_runtime_max_concurrent_reconciles',
    help: 'Reconciles allowed at a time',
    ...common,
  });
  return (controller) => {
    for (const result of ['success', 'requeue_after', 'requeue', 'error']) {
      total.inc({ controller, result }, 0);
    }
    errors.inc({ controller }, 0);
    terminal.inc({ controller }, 0);
    active.set({ controller }, 0);
    return {
      concurrency: (workers) => most.set({ controller }, workers),
      activeWorkers: (count) => active.set({ controller }, count),
      reconciled(outcome, seconds) {
        total.inc({ controller, result: outcome });
        time.observe({ controller }, seconds);
        if (outcome === 'error') {
          errors.inc({ controller });
        }
      },
      terminalError: () => terminal.inc({ controller }),
    };
  };
}

function reflectorMetrics(registers: Registry[]): RuntimeMetrics['reflector'] {
  const common = { labelNames: ['name'] as const, registers };
  const lists = new Counter({ name: 'reflector_lists_total', help: 'Full lists', ...common });
  const watches = new Counter({ name: 'reflector_watches_total', help: 'Watches opened', ...common });
  const ends = new Counter({
    name: 'reflector_watch_ends_total',
    help: 'Watches that ended, by reason: done, or the code of a failure',
    labelNames: ['name', 'reason'] as const,
    registers,
  });
  const malformed = new Counter({
    name: 'reflector_malformed_events_total',
    help: 'Watch events that could not be understood',
    ...common,
  });
  const objects = new Gauge({ name: 'reflector_objects', help: 'Objects cached', ...common });
  return (name) => ({
    listed: () => lists.inc({ name }),
    watchStarted: () => watches.inc({ name }),
    watchEnded: (reason) => ends.inc({ name, reason }),
    malformed: () => malformed.inc({ name }),
    objects: (count) => objects.set({ name }, count),
  });
}

function clientMetrics(registers: Registry[]): RuntimeMetrics['client'] {
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server by method and HTTP status',
    labelNames: ['code', 'method'] as const,
    registers,
  });
  const durations = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Time until the head of the answer',
    labelNames: ['verb'] as const,
    buckets: RECONCILE_BUCKETS,
    registers,
  });
  const connections = new Counter({
    name: 'rest_client_connections_opened_total',
    help: 'Connections opened to the API server',
    registers,
  });
  return {
    requestFinished(method, code, seconds) {
      requests.inc({ code, method });
      durations.observe({ verb: method }, seconds);
    },
    connectionOpened: () => connections.inc(),
  };
}

function leaderMetrics(registers: Registry[]): RuntimeMetrics['leader'] {
  const status = new Gauge({
    name: 'leader_election_master_status',
    help: '1 where this process holds the lease',
    labelNames: ['name'] as const,
    registers,
  });
  return (name, isLeader) => status.set({ name }, isLeader ? 1 : 0);
}
