import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { load } from 'js-yaml';
import { ClusterError } from '../failure.ts';
import { httpsRequest } from '../control-plane/https-request.ts';
import type { TlsIdentity } from '../control-plane/https-request.ts';

/** The part of a Kubernetes object that every kind has. */
export interface ApiObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
}

/**
 * The few API calls that the cluster tooling needs, by path. It is its own small client so that setting up a
 * cluster does not depend on the product's code, and costs no 90 MB of memory.
 */
export interface ClusterApi {
  /** The object or list at the path, or undefined when there is none. */
  get<T>(path: string): Promise<T | undefined>;
  /** Server-side apply of a whole object at its path. */
  apply(path: string, object: unknown): Promise<void>;
  /** Creates an object in the collection; false when it exists already. */
  create(path: string, object: unknown): Promise<boolean>;
  /** Deletes what is at the path; no error when it is gone already. */
  remove(path: string): Promise<void>;
  /** Calls `onEvent` at every change of the collection (several may share one call) until the watch ends. */
  watch(path: string, onEvent: () => void, signal: AbortSignal): Promise<void>;
  close(): void;
}

interface Kubeconfig {
  readonly clusters: readonly { cluster: { server: string; 'certificate-authority-data': string } }[];
  readonly users: readonly { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

/** A client for the cluster that a kubeconfig written by this tooling names. */
export function openClusterApi(kubeconfigPath: string): ClusterApi {
  const kubeconfig = load(readFileSync(kubeconfigPath, 'utf8')) as Kubeconfig;
  const cluster = kubeconfig.clusters[0]?.cluster;
  const user = kubeconfig.users[0]?.user;
  if (cluster === undefined || user === undefined) {
    throw new ClusterError('InvalidArguments', `${kubeconfigPath} names no cluster or no user`);
  }
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const identity: TlsIdentity = {
    authority: decode(cluster['certificate-authority-data']),
    pair: { certificate: decode(user['client-certificate-data']), key: decode(user['client-key-data']) },
    agent,
  };
  const send = async (
    method: string,
    path: string,
    accepted: readonly number[],
    body?: unknown,
    contentType?: string,
  ): Promise<{ status: number; body: string }> => {
    const answer = await httpsRequest(identity, `${cluster.server}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(contentType === undefined ? {} : { contentType }),
    });
    if (!accepted.includes(answer.status)) {
      throw new ClusterError(
        'CommandFailed',
        `${method} ${path}: ${String(answer.status)} ${answer.body.slice(0, 500)}`,
      );
    }
    return answer;
  };
  return {
    async get<T>(path: string) {
      const answer = await send('GET', path, [200, 404]);
      return answer.status === 404 ? undefined : (JSON.parse(answer.body) as T);
    },
    async apply(path, object) {
      const query = '?fieldManager=shardwright-cluster&force=true';
      await send('PATCH', `${path}${query}`, [200, 201], object, 'application/apply-patch+yaml');
    },
    async create(path, object) {
      return (await send('POST', path, [200, 201, 202, 409], object)).status !== 409;
    },
    async remove(path) {
      await send('DELETE', path, [200, 202, 404]);
    },
    watch: async (path, onEvent, signal) => watchPath(identity, `${cluster.server}${path}`, onEvent, signal),
    close: () => agent.destroy(),
  };
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

/** A watch ends by itself after this time, and is opened anew by its caller. */
const watchSeconds = 300;
/** A watch that was cut without a word (a node that went away) is noticed after this time. */
const silenceMilliseconds = (watchSeconds + 30) * 1000;

function watchPath(
  identity: TlsIdentity,
  url: string,
  onEvent: () => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${url}?watch=true&allowWatchBookmarks=false&timeoutSeconds=${String(watchSeconds)}`,
      {
        ca: identity.authority,
        cert: identity.pair.certificate,
        key: identity.pair.key,
        agent: false,
        signal,
      },
      (incoming) => {
        if (incoming.statusCode !== 200) {
          incoming.resume();
          reject(new ClusterError('CommandFailed', `watch of ${url}: ${String(incoming.statusCode)}`));
          return;
        }
        incoming.on('data', onEvent).on('error', reject).on('end', resolve).on('close', resolve);
      },
    );
    outgoing.setTimeout(silenceMilliseconds, () => outgoing.destroy(new Error(`${url}: silent`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
