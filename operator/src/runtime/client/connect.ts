import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { ClientMetrics } from '../metrics/metrics.ts';
import { noMetrics } from '../metrics/metrics.ts';
import type { ApiClient } from './api-client.ts';
import type { KubeconfigSource } from './credential-source.ts';
import { createRestClient } from './rest-client.ts';
import { serviceAccountSource } from './service-account.ts';
import { createTransport } from './transport.ts';

export interface ConnectOptions {
  /** @default the files in KUBECONFIG, `~/.kube/config`, or the service account of the pod */
  readonly kubeconfigPath?: string | undefined;
  /** @default the current context of the kubeconfig */
  readonly context?: string | undefined;
  /** As in `shardwright/1.0.0 (linux/x64)`; the part before the slash names the field manager of plain writes. */
  readonly userAgent: string;
  /** @default none */
  readonly metrics?: ClientMetrics | undefined;
  /** @default the machine's */
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
}

export interface Connection {
  readonly client: ApiClient;
  /** Namespace of the kubeconfig's context, or of the pod. */
  readonly namespace: string;
  /** Ends all connections, watches included. */
  close(): Promise<void>;
}

/** Prepares a client; nothing is sent before its first use. Fails when there is no usable configuration. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { clock = systemClock, metrics = noMetrics.client, random = Math.random } = options;
  const credentials = await findCredentials(options, clock);
  const transport = createTransport({ credentials, userAgent: options.userAgent, metrics });
  return {
    client: createRestClient({ transport, clock, metrics, random }),
    namespace: credentials.namespace,
    close: () => transport.close(),
  };
}

async function findCredentials(
  { kubeconfigPath, context }: ConnectOptions,
  clock: Clock,
): Promise<KubeconfigSource> {
  const isNamed = kubeconfigPath !== undefined || context !== undefined;
  const serviceAccount = isNamed ? undefined : serviceAccountSource({ environment: process.env }, clock);
  // Loaded when needed: it takes more memory than all of an agent.
  return (
    serviceAccount ?? (await import('./credentials.ts')).kubeconfigSource(kubeconfigPath, clock, context)
  );
}
