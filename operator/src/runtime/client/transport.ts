import { createHash } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { Agent, errors } from 'undici';
import { orAbort } from '../abort.ts';
import type { ClientMetrics } from '../metrics/metrics.ts';
import type { Credentials, CredentialSource, TlsIdentity } from './credential-source.ts';

/** A request, in HTTP's terms. */
export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  readonly body?: string | undefined;
  readonly contentType?: string | undefined;
  /** Longest silence of the body, in milliseconds; afterwards the connection is given up. */
  readonly silenceMilliseconds: number;
  /** A watch occupies its connection for minutes and so gets one apart from the pool for short requests. */
  readonly streaming: boolean;
}

/** An answer whose body has not been read. Either read it to its end or abort the request's signal. */
export interface TransportResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array>;
  /**
   * To be told when reading the body failed, so that later requests use new connections: the address behind
   * the server's name may have moved, and the other connections of the pool may hang just as this one did.
   */
  connectionFailed(): void;
}

/** Sends requests over pooled connections, one pool for each TLS identity. */
export interface Transport {
  /** Fails with what the network said, untranslated, or with the signal's reason. */
  send(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse>;
  /** Ends all connections, at once. */
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly credentials: CredentialSource;
  readonly userAgent: string;
  readonly metrics: ClientMetrics;
}

/** Connections for short requests. One is in use most of the time; bursts of reconciles take the others. */
const POOLED_CONNECTIONS = 8;
const CONNECT_TIMEOUT_MILLISECONDS = 10_000;
/** Below the minute after which common load balancers forget idle connections; as in client-go. */
const KEEP_ALIVE_PROBE_MILLISECONDS = 30_000;
/** An idle connection is kept this long, so that a quiet operator does not shake hands for every request. */
const IDLE_CONNECTION_MILLISECONDS = 90_000;
/** Longest wait for the first byte of an answer. Bounds what no caller's deadline bounds. */
const HEADERS_TIMEOUT_MILLISECONDS = 65_000;

/** Both pools of one identity. */
interface Pools {
  readonly identity: string;
  readonly short: Agent;
  readonly streaming: Agent;
}

export function createTransport(options: TransportOptions): Transport {
  const { credentials, metrics } = options;
  let pools: Pools | undefined;
  /** Pools no longer given out, whose last requests are still under way. */
  const retired = new Set<Agent>();
  let closed = false;

  const retire = (old: Pools): void => {
    if (pools === old) {
      pools = undefined;
    }
    for (const agent of [old.short, old.streaming]) {
      retired.add(agent);
      void agent.close().then(
        () => retired.delete(agent),
        () => retired.delete(agent),
      );
    }
  };
  const poolsFor = (current: Credentials): Pools => {
    const identity = fingerprint(current);
    if (pools !== undefined && pools.identity !== identity) {
      retire(pools);
    }
    pools ??= {
      identity,
      short: createAgent(current.tls, POOLED_CONNECTIONS, metrics),
      streaming: createAgent(current.tls, null, metrics),
    };
    return pools;
  };

  return {
    async send(request, signal) {
      const current = await credentials.current();
      signal.throwIfAborted();
      if (closed) {
        throw new errors.ClientClosedError('the client is closed');
      }
      const used = poolsFor(current);
      const connectionFailed = (): void => {
        if (pools === used) {
          retire(used);
        }
      };
      const url = new URL(current.server);
      try {
        const pool = request.streaming ? used.streaming : used.short;
        const pending = pool.request({
          origin: url.origin,
          path: `${url.pathname.replace(/\/$/, '')}${request.path}`,
          method: request.method,
          headers: requestHeaders(request, current, options.userAgent),
          body: request.body ?? null,
          signal,
          headersTimeout: HEADERS_TIMEOUT_MILLISECONDS,
          bodyTimeout: request.silenceMilliseconds,
        });
        // A request that waits for its connection heeds the signal only when that is there, or has failed.
        const response = await orAbort(pending, signal);
        if (response.statusCode === 401) {
          credentials.refresh();
        }
        return {
          status: response.statusCode,
          headers: response.headers,
          body: readBody(response.body),
          connectionFailed,
        };
      } catch (error) {
        if (!signal.aborted) {
          connectionFailed();
        }
        throw error;
      }
    },
    async close() {
      closed = true;
      const agents = [...retired, ...(pools === undefined ? [] : [pools.short, pools.streaming])];
      pools = undefined;
      await Promise.all(agents.map((agent) => agent.destroy()));
    },
  };
}

async function* readBody(body: Dispatcher.ResponseData['body']): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    yield chunk instanceof Uint8Array ? chunk : Buffer.from(String(chunk));
  }
}

function requestHeaders(
  request: TransportRequest,
  credentials: Credentials,
  userAgent: string,
): Record<string, string> {
  return {
    ...credentials.headers,
    accept: 'application/json',
    'user-agent': userAgent,
    ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
  };
}

function createAgent(tls: TlsIdentity, connections: number | null, metrics: ClientMetrics): Agent {
  const agent = new Agent({
    connections,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: IDLE_CONNECTION_MILLISECONDS,
    connect: {
      ...withoutUndefined(tls),
      timeout: CONNECT_TIMEOUT_MILLISECONDS,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_PROBE_MILLISECONDS,
    },
  });
  agent.on('connect', () => metrics.connectionOpened());
  return agent;
}

function withoutUndefined(tls: TlsIdentity): Record<string, unknown> {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
}

/** Equal for equal server and TLS identity. A hash, so that no private key is kept as a comparison value. */
function fingerprint({ server, tls }: Credentials): string {
  const hash = createHash('sha256');
  for (const part of [
    server,
    tls.ca,
    tls.cert,
    tls.key,
    tls.passphrase,
    tls.servername,
    `${tls.rejectUnauthorized}`,
  ]) {
    hash.update(part === undefined ? 'absent' : createHash('sha256').update(part).digest());
  }
  return hash.digest('hex');
}
