/** The public face of the controller runtime. What is not named here may change at any time. */
export { aborted, abortableWait, abortReason, withScope } from './abort.ts';
export type { Applied, Applier, ApplierOptions } from './apply.ts';
export { createApplier } from './apply.ts';
export { assertNever } from './assert-never.ts';
export type { Backoff, BackoffOptions } from './backoff.ts';
export { createBackoff } from './backoff.ts';
export type { Change, ChangeHandler, Indexer } from './cache/change.ts';
export type { Informer, InformerOptions } from './cache/informer.ts';
export { createInformer } from './cache/informer.ts';
export type { FieldsV1, OwnedFields } from './cache/owned-fields.ts';
export { fieldsOwnedBy } from './cache/owned-fields.ts';
export type {
  ApiClient,
  ApplyOptions,
  DeleteOptions,
  ListOptions,
  ListPage,
  MergePatchOptions,
  ReplaceOptions,
  Selection,
  WatchEvent,
  WatchOptions,
} from './client/api-client.ts';
export type { ApiErrorCode, StatusDetails } from './client/api-error.ts';
export { ApiError, isApiError } from './client/api-error.ts';
export type { Connection, ConnectOptions } from './client/connect.ts';
export { connect } from './client/connect.ts';
export type { Clock, Timer } from './clock.ts';
export { systemClock } from './clock.ts';
export type { Controller, ControllerOptions, Reconciler, ReconcileResult } from './controller.ts';
export { createController, done, requeueAfter, TerminalError } from './controller.ts';
export type {
  EventDescription,
  EventRecorder,
  EventRecorderOptions,
  Reporter,
  RunningEventRecorder,
} from './events/recorder.ts';
export { createEventRecorder } from './events/recorder.ts';
export { addFinalizer, hasFinalizer, removeFinalizer } from './finalizers.ts';
export type { HealthCheck } from './http/health.ts';
export type { HttpServerOptions } from './http/server.ts';
export type { LeaderElectionOptions, LeaderElector, LeaderElectorOptions } from './leader/elector.ts';
export { createLeaderElector, LeadershipLostError } from './leader/elector.ts';
export type { LogFields, Logger } from './logger.ts';
export { errorFields, silentLogger } from './logger.ts';
export type { Manager, ManagerOptions, Runnable } from './manager.ts';
export { createManager } from './manager.ts';
export type { MetricsPage } from './metrics/metrics-page.ts';
export type {
  ClientMetrics,
  ControllerMetrics,
  QueueMetrics,
  ReconcileOutcome,
  ReflectorMetrics,
  RuntimeMetrics,
} from './metrics/metrics.ts';
export { noMetrics } from './metrics/metrics.ts';
export type { PrometheusMetrics } from './metrics/prometheus.ts';
export { createPrometheusMetrics } from './metrics/prometheus.ts';
export { microTime } from './micro-time.ts';
export type { KubernetesObject, ObjectKey, ObjectMeta, OwnerReference, ResourceType } from './objects.ts';
export { apiVersionOf, defineResource, formatKey, isBeingDeleted, keyOf, parseKey } from './objects.ts';
export { controllerOf, controllerReference, isControlledBy, ownerKeys } from './owners.ts';
export type { RateLimiter, RateLimiterOptions } from './queue/rate-limiter.ts';
export { createRateLimiter } from './queue/rate-limiter.ts';
export type { WorkQueue, WorkQueueOptions } from './queue/work-queue.ts';
export { createWorkQueue } from './queue/work-queue.ts';
export type { KubernetesEvent, Lease, LeaseSpec, ObjectReference } from './resources.ts';
export {
  configMaps,
  events,
  leases,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  podDisruptionBudgets,
  pods,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
} from './resources.ts';
