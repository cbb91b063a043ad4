import { request } from 'node:https';
import type { Agent } from 'node:https';
import type { KeyPair } from './certificates.ts';

/** Who asks, and whom it trusts. */
export interface TlsIdentity {
  readonly authority: string;
  readonly pair: KeyPair;
  /** Keeps connections between requests when given. */
  readonly agent?: Agent;
}

/** One answer, whatever its status. */
export interface HttpsAnswer {
  readonly status: number;
  readonly body: string;
}

/** One HTTPS request with a client certificate; rejects when no whole answer comes within five seconds. */
export function httpsRequest(
  identity: TlsIdentity,
  url: string,
  options: {
    readonly method?: string;
    readonly body?: string;
    readonly contentType?: string;
    readonly signal?: AbortSignal;
    readonly timeoutMilliseconds?: number;
  } = {},
): Promise<HttpsAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method: options.method ?? 'GET',
        ca: identity.authority,
        cert: identity.pair.certificate,
        key: identity.pair.key,
        agent: identity.agent ?? false,
        signal: options.signal,
        headers:
          options.body === undefined
            ? {}
            : {
                'content-type': options.contentType ?? 'application/json',
                'content-length': Buffer.byteLength(options.body),
              },
      },
      (incoming) => {
        let body = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => (body += chunk));
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body }));
        incoming.on('error', reject);
      },
    );
    const timeoutMilliseconds = options.timeoutMilliseconds ?? 5000;
    outgoing.setTimeout(timeoutMilliseconds, () =>
      outgoing.destroy(new Error(`${url}: no answer within ${String(timeoutMilliseconds)} ms`)),
    );
    outgoing.on('error', reject);
    outgoing.end(options.body);
  });
}
