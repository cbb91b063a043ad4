import type { V1Pod } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { EVENT_REASONS } from '../../../api/v1alpha1/index.ts';
import { ROUTER_PORTS } from '../../../router/pod-contract.ts';
import { orAbort, withScope } from '../../../runtime/abort.ts';
import type { ApiClient } from '../../../runtime/client/api-client.ts';
import { isApiError } from '../../../runtime/client/api-error.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { EventRecorder } from '../../../runtime/events/recorder.ts';
import type { Logger } from '../../../runtime/logger.ts';
import { errorFields } from '../../../runtime/logger.ts';
import { isBeingDeleted, keyOf } from '../../../runtime/objects.ts';
import { pods } from '../../../runtime/resources.ts';
import type { ClusterCaches } from '../caches.ts';
import { objectsOfCluster } from '../caches.ts';
import { routerSelector } from '../resources/labels.ts';
import { hasLabels } from '../role-labels.ts';
import { isReady } from '../status/shards.ts';
import { decideLostRouters, decideSuspects } from './decide-lost-routers.ts';
import type { Knock } from './knock.ts';
import { knockByTcp } from './knock.ts';
import { markUnreachable } from './mark-unreachable.ts';
import { RouterMemory } from './router-memory.ts';

/** What routers are watched with. */
export interface RouterWatchOptions {
  readonly client: ApiClient;
  readonly caches: Pick<ClusterCaches, 'clusters' | 'pods'>;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether this process leads, and so may act. */
  readonly isLeading: () => boolean;
  /** @default knockByTcp */
  readonly knock?: Knock;
}

/** A round begins so long after the one before; whoever has not answered by then is silent. */
const ROUND_MILLISECONDS = 1000;

/** A request to the API takes no longer, or the way to the other routers would not be looked at meanwhile. */
const REQUEST_DEADLINE_MILLISECONDS = 2000;

/** A router that may be lost, as the API has it. */
interface Suspect {
  readonly pod: V1Pod;
  readonly memory: RouterMemory;
}

/**
 * Notices routers that were lost with their nodes long before Kubernetes does, and takes them out of the Service of their
 * cluster. It runs on every replica of the operator, as only who has reached a router before may call it lost, and the
 * leader may be lost with it; only the leader acts. The API is asked for nothing while no router is lost.
 */
export class RouterWatch {
  readonly name = 'router-watch';
  readonly #options: RouterWatchOptions;
  /** By the uid of the pod. */
  readonly #memories = new Map<string, RouterMemory>();

  constructor(options: RouterWatchOptions) {
    this.#options = options;
  }

  /** Watches until the signal aborts, then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, caches } = this.#options;
    while (!signal.aborted) {
      const next = clock.monotonic() + ROUND_MILLISECONDS;
      const clusters = caches.clusters.list();
      this.#forgetGone();
      await Promise.all(clusters.map((cluster) => this.#look(cluster, signal)));
      await clock.sleep(Math.max(0, next - clock.monotonic()), signal).catch(() => {});
    }
  }

  async #look(cluster: ShardedCluster, signal: AbortSignal): Promise<void> {
    const labels = routerSelector(cluster.metadata.name);
    const seen = objectsOfCluster(this.#options.caches.pods, keyOf(cluster)).filter((pod) =>
      hasLabels(pod, labels),
    );
    const mayAct = !cluster.spec.suspend && !isBeingDeleted(cluster) && this.#options.isLeading();
    const suspects = mayAct ? await this.#readSuspects(seen, signal) : [];
    const routers = await Promise.all(seen.flatMap((pod) => this.#try(pod, signal)));
    const lost = new Set(decideLostRouters(routers));
    for (const { pod, memory } of suspects) {
      if (lost.has(memory) && !signal.aborted && this.#options.isLeading()) {
        await this.#mark(cluster, pod, memory, signal);
      }
    }
  }

  /**
   * The pods that the next attempt may show to be lost, as the API has them now. Nobody is marked who was not read between
   * two silent attempts: the write of a process that is cut off itself could wait in its machine, arrive when the network is
   * mended, and take away the router that was there all the time.
   */
  async #readSuspects(seen: readonly V1Pod[], signal: AbortSignal): Promise<Suspect[]> {
    const known = seen.flatMap(({ metadata }) => this.#memories.get(metadata?.uid ?? '') ?? []);
    const suspects = new Set(decideSuspects(known));
    const found: Suspect[] = [];
    for (const pod of seen) {
      const memory = this.#memories.get(pod.metadata?.uid ?? '');
      if (memory === undefined || !suspects.has(memory)) {
        continue;
      }
      const now = await this.#read(pod, memory, signal);
      if (now?.metadata?.uid === pod.metadata?.uid && now !== undefined && isReady(now)) {
        found.push({ pod: now, memory });
      }
    }
    return found;
  }

  async #read(pod: V1Pod, memory: RouterMemory, signal: AbortSignal): Promise<V1Pod | undefined> {
    const { client, logger } = this.#options;
    try {
      return await this.#within(REQUEST_DEADLINE_MILLISECONDS, signal, (attempt) =>
        orAbort(client.get(pods, keyOf(pod), attempt), attempt),
      );
    } catch (error) {
      memory.noteMark(false);
      if (!signal.aborted) {
        logger.info('a router is silent, and the API server as well', {
          ...keyOf(pod),
          ...errorFields(error),
        });
      }
      return undefined;
    }
  }

  /** Nothing for a pod that has no address yet. */
  #try(pod: V1Pod, signal: AbortSignal): Promise<RouterMemory>[] {
    const host = pod.status?.podIP;
    const uid = pod.metadata?.uid;
    return host === undefined || uid === undefined ? [] : [this.#hear(pod, uid, host, signal)];
  }

  async #hear(pod: V1Pod, uid: string, host: string, signal: AbortSignal): Promise<RouterMemory> {
    const { knock = knockByTcp } = this.#options;
    const answer = await this.#within(ROUND_MILLISECONDS, signal, (attempt) =>
      knock(host, ROUTER_PORTS.metrics.port, attempt),
    );
    const memory = this.#memories.get(uid) ?? new RouterMemory();
    this.#memories.set(uid, memory);
    memory.hear(answer, isReady(pod));
    return memory;
  }

  async #mark(cluster: ShardedCluster, pod: V1Pod, memory: RouterMemory, signal: AbortSignal): Promise<void> {
    const { client, clock, recorder, logger } = this.#options;
    const { name } = keyOf(pod);
    const node = pod.spec?.nodeName ?? 'no node';
    const fields = { namespace: cluster.metadata.namespace, pod: name, node };
    try {
      await this.#within(REQUEST_DEADLINE_MILLISECONDS, signal, (attempt) =>
        orAbort(markUnreachable(client, pod, new Date(clock.now()), attempt), attempt),
      );
    } catch (error) {
      memory.noteMark(false);
      // Whoever wrote the pod since knows more of it than its silence tells.
      if (!signal.aborted && !isApiError(error, 'Conflict') && !isApiError(error, 'NotFound')) {
        logger.warn('a lost router could not be marked', { ...fields, ...errorFields(error) });
      }
      return;
    }
    logger.warn('a router does not answer, and is marked as not ready', fields);
    if (memory.noteMark(true)) {
      const reason = 'RouterUnreachable';
      const note = `Router ${name} on ${node} does not answer: new connections are led to the others.`;
      recorder.event(cluster, { type: EVENT_REASONS[reason].type, reason, action: 'Route', note });
    }
  }

  /** `work` under a signal that aborts after so many milliseconds, too. */
  #within<T>(
    milliseconds: number,
    parent: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return withScope(parent, async (signal, scope) => {
      const timer = this.#options.clock.setTimer(milliseconds, () => scope.abort(TIME_IS_UP));
      try {
        return await work(signal);
      } finally {
        timer.cancel();
      }
    });
  }

  #forgetGone(): void {
    const present = new Set(this.#options.caches.pods.list().map(({ metadata }) => metadata?.uid));
    for (const uid of this.#memories.keys()) {
      if (!present.has(uid)) {
        this.#memories.delete(uid);
      }
    }
  }
}

const TIME_IS_UP = new Error('the time for an answer is up');
