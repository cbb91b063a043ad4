import type { V1Secret } from '@kubernetes/client-node';
import type { EventReason, ShardedCluster } from '../../api/v1alpha1/index.ts';
import {
  ApiSchemaError,
  CLEANUP_FINALIZER,
  EVENT_REASONS,
  parseShardedCluster,
} from '../../api/v1alpha1/index.ts';
import type { InstanceReports } from '../../core/instance-report.ts';
import type { MapEvidence } from '../../core/rebuild/evidence.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Reconciler, ReconcileResult } from '../../runtime/controller.ts';
import { done, requeueAfter, TerminalError } from '../../runtime/controller.ts';
import type { EventRecorder } from '../../runtime/events/recorder.ts';
import { addFinalizer, hasFinalizer } from '../../runtime/finalizers.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { ObjectKey } from '../../runtime/objects.ts';
import { formatKey, isBeingDeleted, keyOf } from '../../runtime/objects.ts';
import { secrets } from '../../runtime/resources.ts';
import type { Writer, Written } from './apply.ts';
import type { Outcome } from './bring-about.ts';
import { bringAbout, reliableShardMap } from './bring-about.ts';
import { type ClusterCaches, rebalancesOfCluster } from './caches.ts';
import type { RandomBytes } from './credentials.ts';
import { generatePassword } from './credentials.ts';
import { lacksKeyspaces } from './decide-shard-map.ts';
import type { ensureCertificates } from './ensure-certificates.ts';
import { finalizeCluster } from './finalize.ts';
import { NO_RESTARTS } from './maintenance/decide-restarts.ts';
import type { Observed } from './observe.ts';
import { observeCluster } from './observe.ts';
import { isPassing } from './refusals.ts';
import { shardedClusters } from './resource-types.ts';
import type { RoleLabeller } from './role-labeller.ts';
import { StatusWriter } from './status-writer.ts';
import { figuresInterval } from './status/status-write.ts';
import { decideConditions, mergeConditions } from './status/conditions.ts';
import type { Situation } from './status/situation.ts';
import { statusOf } from './status/status.ts';

/** A failover takes some tenths of a second; what changes with it is looked at when it is over. */
const URGENT_MILLISECONDS = 250;

/** How long to wait before looking again at what no watch reports: objects that are not ours. */
const RECHECK_MILLISECONDS = 30_000;

/** And so long while a lost map cannot be made again yet: agents that come back are reported by no watch. */
const REBUILD_MILLISECONDS = 2000;

/** Looked at again by then in any case: timers for longer are not to be relied on. */
const LONGEST_WAIT_MILLISECONDS = 24 * 3600 * 1000;

/** What the reconciler works with. */
export interface ReconcilerOptions {
  readonly caches: ClusterCaches;
  readonly writer: Writer;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly randomBytes: RandomBytes;
  /** Image of the operator. */
  readonly image: string;
  readonly reports: InstanceReports;
  readonly labeller: RoleLabeller;
  readonly ensureCertificates: typeof ensureCertificates;
}

/** Brings ShardedClusters about, one pass at a time; every pass starts from what exists. */
export class ShardedClusterReconciler implements Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #status: StatusWriter;
  /** The generation at which this process last found, or put, everything in place. */
  readonly #settled = new Map<string, number>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#status = new StatusWriter({ ...options, client: options.writer.client });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<ReconcileResult> {
    const stored = this.#options.caches.clusters.get(key);
    if (stored === undefined) {
      this.#status.forget(key);
      this.#settled.delete(formatKey(key));
      return done;
    }
    if (isBeingDeleted(stored)) {
      return this.#finalize(stored, signal);
    }
    let cluster: ShardedCluster;
    try {
      cluster = parseShardedCluster(stored);
    } catch (error) {
      if (error instanceof ApiSchemaError) {
        return this.#reportInvalid(stored, error, signal);
      }
      throw error;
    }
    if (cluster.spec.suspend) {
      return this.#reportSuspended(cluster, signal);
    }
    if (this.#isUrgent(cluster)) {
      return requeueAfter(URGENT_MILLISECONDS, 'clients wait for another primary');
    }
    return this.#bringAbout(await this.#prepare(cluster, signal), signal);
  }

  /** Whether a primary is being replaced, in this very process, which a pass would hold up. */
  #isUrgent({ metadata, spec }: ShardedCluster): boolean {
    const { namespace, name } = metadata;
    return Array.from({ length: spec.shards }, (_, number) => number).some(
      (number) => this.#options.reports.shard({ namespace, name }, number)?.isUrgent === true,
    );
  }

  /** A status before the first object, so that no tool takes a cluster without one for finished; the finalizer. */
  async #prepare(cluster: ShardedCluster, signal: AbortSignal): Promise<ShardedCluster> {
    let prepared = cluster;
    if (cluster.status?.conditions === undefined) {
      const status = this.#statusOf(cluster, { situation: { kind: 'starting' }, shardMap: undefined });
      prepared = (await this.#status.write(cluster, status, signal)).cluster;
    }
    const { client } = this.#options.writer;
    return parseShardedCluster(
      await addFinalizer(client, shardedClusters, prepared, CLEANUP_FINALIZER, signal),
    );
  }

  async #bringAbout(cluster: ShardedCluster, signal: AbortSignal): Promise<ReconcileResult> {
    const { caches, writer, image, clock, reports } = this.#options;
    const key = formatKey(keyOf(cluster));
    const observed = await observeCluster(caches, writer.client, cluster, signal);
    let outcome: Outcome;
    try {
      outcome = await bringAbout(
        {
          cluster,
          observed,
          evidence: await this.#evidence(cluster, observed, signal),
          image,
          reports,
          labeller: this.#options.labeller,
          ensureCertificates: this.#options.ensureCertificates,
          writer,
          readSecret: (name) => this.#readSecret(cluster, name, signal),
          newPassword: () => generatePassword(this.#options.randomBytes),
          nowSeconds: clock.now() / 1000,
          onWritten: (written) => this.#tell(cluster, written),
          tell: (reason, action, note) => this.#event(cluster, reason, action, note),
        },
        signal,
      );
    } catch (error) {
      await this.#reportFailure(cluster, observed, error, signal);
      throw error;
    }
    if (outcome.failure !== undefined && isPassing(outcome.failure)) {
      throw outcome.failure;
    }
    const status = this.#statusOf(cluster, outcome, observed);
    const { retryAfter } = await this.#status.write(cluster, status, signal);
    if (outcome.failure !== undefined) {
      throw outcome.failure;
    }
    const { situation } = outcome;
    if (
      situation.kind === 'applied' &&
      situation.findings.some(({ reason }) => reason === 'ShardMapMissing')
    ) {
      return requeueAfter(REBUILD_MILLISECONDS, 'members are asked again what the lost map said');
    }
    if (situation.kind !== 'applied' || situation.findings.some(({ blocks }) => blocks !== undefined)) {
      return requeueAfter(RECHECK_MILLISECONDS, 'something that is not watched is in the way');
    }
    this.#settled.set(key, cluster.metadata.generation ?? 0);
    const { certificatesDueAt = Infinity } = outcome;
    const due = Math.max(1000, Math.min(certificatesDueAt - clock.now(), LONGEST_WAIT_MILLISECONDS));
    return requeueAfter(
      Math.min(retryAfter ?? figuresInterval(status), due),
      'figures or certificates are due',
    );
  }

  /** What members tell of a map that is gone, or of what it still lacks. Where no pod is, nobody can. */
  async #evidence(
    { metadata, status }: ShardedCluster,
    { shardMap, pods }: Observed,
    signal: AbortSignal,
  ): Promise<MapEvidence | null> {
    const { namespace, name } = metadata;
    const isWanted = shardMap === undefined || lacksKeyspaces(shardMap.spec, status?.keyspaces ?? []);
    return isWanted && pods.length > 0 ? this.#options.reports.evidence({ namespace, name }, signal) : null;
  }

  async #reportFailure(
    cluster: ShardedCluster,
    observed: Observed,
    error: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted || isPassing(error)) {
      return;
    }
    const message = error instanceof Error ? error.message : String(error);
    const situation: Situation = { kind: 'failed', message, findings: [] };
    const shardMap = reliableShardMap(cluster, observed);
    await this.#status.write(cluster, this.#statusOf(cluster, { situation, shardMap }, observed), signal);
  }

  async #reportSuspended(cluster: ShardedCluster, signal: AbortSignal): Promise<ReconcileResult> {
    const { caches, writer } = this.#options;
    const observed = await observeCluster(caches, writer.client, cluster, signal);
    const shardMap = reliableShardMap(cluster, observed);
    const status = this.#statusOf(cluster, { situation: { kind: 'suspended' }, shardMap }, observed);
    await this.#status.write(cluster, status, signal);
    return done;
  }

  async #reportInvalid(
    stored: ShardedCluster,
    error: ApiSchemaError,
    signal: AbortSignal,
  ): Promise<ReconcileResult> {
    await this.#writeConditions(stored, { kind: 'invalid', message: error.message }, signal);
    throw new TerminalError(error.message, { cause: error });
  }

  /** Works on an object that may not fit its schema: deletion must be possible all the same. */
  async #finalize(stored: ShardedCluster, signal: AbortSignal): Promise<ReconcileResult> {
    const { writer, recorder } = this.#options;
    if (!hasFinalizer(stored, CLEANUP_FINALIZER)) {
      return done;
    }
    const cluster = await this.#writeConditions(stored, { kind: 'deleting' }, signal);
    await finalizeCluster({ client: writer.client, recorder, cluster }, signal);
    return done;
  }

  /** Changes the conditions only: the rest of the object, the status included, is not relied on. */
  async #writeConditions(
    stored: ShardedCluster,
    situation: Situation,
    signal: AbortSignal,
  ): Promise<ShardedCluster> {
    const { conditions = [], shards = [] } = stored.status ?? {};
    const observedGeneration = stored.metadata.generation ?? 0;
    const verdicts = decideConditions({
      situation,
      hibernated: false,
      shards,
      pods: [],
      complaints: new Map(),
      leavingPods: new Set(),
      restarts: NO_RESTARTS,
      blocks: [],
      shardsWithoutDatabases: [],
      routers: null,
      rebalance: null,
      shardsWithoutSlots: null,
      isSupervised: false,
      previous: { conditions, shards },
    });
    const merged = mergeConditions(verdicts, conditions, observedGeneration, this.#now());
    const status = { ...stored.status, observedGeneration, conditions: merged };
    return (await this.#status.write(stored, status, signal)).cluster;
  }

  #statusOf(cluster: ShardedCluster, { situation, shardMap, relabelled = [] }: Outcome, observed?: Observed) {
    const changed = new Map(relabelled.map((pod) => [pod.metadata?.uid, pod]));
    const unchanged = (observed?.pods ?? []).filter(({ metadata }) => !changed.has(metadata?.uid));
    return statusOf({
      cluster,
      situation,
      shardMap,
      statefulSets: observed?.statefulSets ?? [],
      pods: [...unchanged, ...relabelled],
      reports: this.#options.reports,
      routerDeployment: observed?.routerDeployment,
      rebalances: rebalancesOfCluster(this.#options.caches.rebalances, keyOf(cluster)),
      now: this.#now(),
    });
  }

  async #readSecret(
    { metadata }: ShardedCluster,
    name: string,
    signal: AbortSignal,
  ): Promise<V1Secret | undefined> {
    const { caches, writer } = this.#options;
    const key = { namespace: metadata.namespace, name };
    return caches.secrets.get(key) ?? (await writer.client.get(secrets, key, signal));
  }

  #now(): Date {
    return new Date(this.#options.clock.now());
  }

  /**
   * What was made as it had been is a repair, and so is what was made again at a generation that this process had in
   * place before. Every other change may be one that is wanted, by a newer operator for instance.
   */
  #tell(cluster: ShardedCluster, { kind, name, how, scope }: Written): void {
    const { logger } = this.#options;
    logger.info('object written', { cluster: formatKey(keyOf(cluster)), kind, name, how });
    const settled = this.#settled.get(formatKey(keyOf(cluster))) === cluster.metadata.generation;
    if (settled && how === 'created') {
      this.#event(
        cluster,
        'ObjectRepaired',
        'Repair',
        `${kind} ${name} had been deleted and was created again.`,
      );
    } else if (how === 'repaired') {
      this.#event(cluster, 'ObjectRepaired', 'Repair', `${kind} ${name} had been changed and was put back.`);
    } else if (how === 'created' && kind === 'StatefulSet') {
      this.#event(cluster, 'ShardCreated', 'Create', `The objects of shard ${scope} were created.`);
    } else if (how === 'deleted' && kind === 'StatefulSet') {
      this.#event(cluster, 'ShardRemoved', 'Remove', `Shard ${scope} held nothing any more and was removed.`);
    }
  }

  #event(cluster: ShardedCluster, reason: EventReason, action: string, note: string): void {
    const { type } = EVENT_REASONS[reason];
    this.#options.recorder.event(cluster, { type, reason, action, note });
  }
}
