/** Keeps a stream to the agent of every database pod, on every replica of the operator: a new leader knows all at once. */
import type { V1Pod, V1Secret } from '@kubernetes/client-node';
import { LABELS, shardName } from '../api/v1alpha1/index.ts';
import { podServerName } from '../pki/server-names.ts';
import type { TlsMaterial, TlsMaterialSource } from '../pki/tls-material.ts';
import type { Informer } from '../runtime/cache/informer.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import type { CommandName, CommandRequest, CommandResults } from '../agent/protocol/commands.ts';
import type { AgentClient, AgentView, Attention } from './agent-client/agent-client.ts';
import { createAgentClient } from './agent-client/agent-client.ts';
import type { AgentTarget } from './agent-client/agent-target.ts';
import type { StallMonitor } from './agent-client/stall-monitor.ts';

export interface AgentStreamsOptions {
  readonly pods: Informer<V1Pod>;
  readonly secrets: Informer<V1Secret>;
  /** Name of the Secret with the operator's certificate for a cluster. */
  readonly certificateName: (cluster: string) => string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stallMonitor: Pick<StallMonitor, 'isStalled' | 'stalledMilliseconds'>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** @default createAgentClient */
  readonly createClient?: typeof createAgentClient;
}

/** There is no stream to the agent of that pod, and so no way to command it. */
export class UnknownAgentError extends Error {
  readonly code = 'UnknownAgent';

  constructor(podUid: string) {
    super(`there is no connection to the agent of the pod with uid ${podUid}`);
    this.name = 'UnknownAgentError';
  }
}

interface Stream {
  readonly client: AgentClient;
  readonly ended: Promise<void>;
  stop(): void;
}

/** All streams. */
export class AgentStreams {
  readonly name = 'agent-streams';
  readonly #options: AgentStreamsOptions;
  /** By the uid of the pod: a pod of the same name is another. */
  readonly #streams = new Map<string, Stream>();
  readonly #handlers = new Set<(target: AgentTarget) => void>();
  #signal: AbortSignal | undefined;
  #isPrimary: ((target: AgentTarget) => boolean) | undefined;

  constructor(options: AgentStreamsOptions) {
    this.#options = options;
  }

  /** What is known of the agent of that very pod. */
  view(podUid: string): AgentView | undefined {
    return this.#streams.get(podUid)?.client.view();
  }

  /** Whether, and for how long, our own event loop was held up. */
  get stalls(): Pick<StallMonitor, 'isStalled' | 'stalledMilliseconds'> {
    return this.#options.stallMonitor;
  }

  /** Has the agent of that very pod carry a command out. Rejects as `AgentRequests.command` does. */
  async command<Name extends CommandName>(
    podUid: string,
    request: CommandRequest<Name>,
    deadlineMilliseconds: number,
    signal: AbortSignal,
  ): Promise<CommandResults[Name]> {
    const client = this.#streams.get(podUid)?.client;
    if (client === undefined) {
      throw new UnknownAgentError(podUid);
    }
    return client.command(request, deadlineMilliseconds, signal);
  }

  /** From now on shows agents that a leader is there, primaries more often; until the returned function is called. */
  lead(isPrimary: (target: AgentTarget) => boolean): () => void {
    this.#isPrimary = isPrimary;
    return () => {
      this.#isPrimary = undefined;
    };
  }

  /** Calls `handler` after every word of any agent and every change on the way to it. */
  onEvent(handler: (target: AgentTarget) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Keeps streams until the signal aborts; resolves when all have ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { pods, secrets } = this.#options;
    this.#signal = signal;
    const forget = [
      pods.onChange(({ object }) => this.#follow(object)),
      secrets.onChange(({ object }) => this.#retry(object)),
    ];
    try {
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
        if (signal.aborted) {
          resolve();
        }
      });
    } finally {
      forget.forEach((stop) => stop());
      this.#streams.forEach((stream) => stream.stop());
      await Promise.all([...this.#streams.values()].map(({ ended }) => ended));
    }
  }

  /** Opens the stream of a pod that has an address, and closes that of one that is gone. */
  #follow(pod: V1Pod): void {
    const uid = pod.metadata?.uid ?? '';
    const { pods } = this.#options;
    const current = pods.get({
      namespace: pod.metadata?.namespace ?? '',
      name: pod.metadata?.name ?? '',
    });
    const target = current?.metadata?.uid === uid ? targetOf(current) : undefined;
    const existing = this.#streams.get(uid);
    if (existing !== undefined && existing.client.target.host === target?.host) {
      return;
    }
    existing?.stop();
    this.#streams.delete(uid);
    if (target !== undefined && this.#material(target) !== undefined) {
      this.#open(uid, target);
    }
  }

  /** A certificate that has come lets the streams of its cluster open. */
  #retry(secret: V1Secret): void {
    const cluster = secret.metadata?.labels?.[LABELS.cluster];
    if (cluster === undefined || secret.metadata?.name !== this.#options.certificateName(cluster)) {
      return;
    }
    for (const pod of this.#options.pods.list(secret.metadata.namespace)) {
      if (pod.metadata?.labels?.[LABELS.cluster] === cluster) {
        this.#follow(pod);
      }
    }
  }

  #open(uid: string, target: AgentTarget): void {
    const { clock, stallMonitor, random, logger, createClient = createAgentClient } = this.#options;
    const attention = (): Attention => {
      if (this.#isPrimary === undefined) {
        return 'none';
      }
      return this.#isPrimary(target) ? 'primary' : 'member';
    };
    const client = createClient({ target, tls: this.#tls(target), clock, stallMonitor, random, attention });
    const scope = new AbortController();
    const fields = { namespace: target.namespace, pod: target.pod };
    client.onEvent((event) => {
      if (event.kind === 'status') {
        const { status, error } = event.view;
        logger.debug('the way to an agent has changed', {
          ...fields,
          status,
          ...(error === undefined ? {} : errorFields(error)),
        });
      }
      this.#handlers.forEach((handler) => handler(target));
    });
    const signal = AbortSignal.any([scope.signal, this.#signal ?? scope.signal]);
    const ended = client.run(signal).catch((error: unknown) => {
      logger.error('the stream of an agent has failed', { ...fields, ...errorFields(error) });
    });
    this.#streams.set(uid, { client, ended, stop: () => scope.abort() });
  }

  /** The newest certificate at every connection; the last one where the Secret has gone. */
  #tls(target: AgentTarget): TlsMaterialSource {
    let last = this.#material(target);
    return {
      current: () => {
        const present = this.#material(target);
        // The same object while it says the same: connections are kept as long as that is so.
        if (present !== undefined && (last === undefined || !isSameMaterial(present, last))) {
          last = present;
        }
        if (last === undefined) {
          throw new Error(`there is no certificate for the agents of ${target.cluster}`);
        }
        return last;
      },
      onChange: (handler) => this.#options.secrets.onChange(() => handler()),
    };
  }

  #material({ namespace, cluster }: AgentTarget): TlsMaterial | undefined {
    const { secrets, certificateName } = this.#options;
    const data = secrets.get({ namespace, name: certificateName(cluster) })?.data;
    const text = (key: string): string => Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');
    return data === undefined
      ? undefined
      : { certificate: text('tls.crt'), key: text('tls.key'), authorities: text('ca.crt') };
  }
}

function isSameMaterial(left: TlsMaterial, right: TlsMaterial): boolean {
  return (
    left.certificate === right.certificate && left.key === right.key && left.authorities === right.authorities
  );
}

/** Name of the agent's port in its container. */
const AGENT_PORT_NAME = 'agent';

/** How to reach the agent of a pod; undefined while it has no address, and for a pod that is no database. */
export function targetOf(pod: V1Pod): AgentTarget | undefined {
  const { name: podName, namespace, uid, labels } = pod.metadata ?? {};
  const cluster = labels?.[LABELS.cluster];
  const shard = labels?.[LABELS.shard];
  const host = pod.status?.podIP;
  const port = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
    .flatMap(({ ports }) => ports ?? [])
    .find(({ name }) => name === AGENT_PORT_NAME)?.containerPort;
  const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  if (
    podName === undefined ||
    namespace === undefined ||
    uid === undefined ||
    cluster === undefined ||
    shard === undefined ||
    host === undefined ||
    port === undefined ||
    isOver
  ) {
    return undefined;
  }
  const serverName = podServerName({ namespace, shard: shardName(cluster, Number(shard)) }, podName);
  return { namespace, cluster, pod: podName, podUid: uid, host, port, serverName };
}
