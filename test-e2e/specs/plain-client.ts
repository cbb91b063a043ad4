/**
 * A client of the API server with nothing in between: what is tested here is what the API server itself says,
 * to whoever asks.
 */
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { load } from 'js-yaml';
import type { Fields } from './refused-spec.ts';

const TIMEOUT_MILLISECONDS = 120_000;

/** One field's fault, as the API server tells it. */
export interface Cause {
  readonly field: string;
  readonly message: string;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly body: Fields;
  /** Faults by field; empty when there are none. */
  readonly causes: readonly Cause[];
}

/** Sends JSON to a path of the API server. */
export interface PlainClient {
  send(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer>;
  close(): void;
}

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: Readonly<Record<string, string>> }];
  readonly users: readonly [{ readonly user: Readonly<Record<string, string>> }];
}

function causesOf(body: Fields): Cause[] {
  const details = body['details'] as { causes?: { field?: string; message?: string }[] } | undefined;
  return (details?.causes ?? []).map(({ field, message }) => ({
    field: field ?? '',
    message: message ?? '',
  }));
}

/** The API server answers in plain text for paths it does not know yet. */
function parseBody(text: string): Fields {
  return text.startsWith('{') ? (JSON.parse(text) as Fields) : { message: text };
}

function decode(text: string | undefined): Buffer {
  return Buffer.from(text ?? '', 'base64');
}

/** Connects as the first user of the kubeconfig, whose certificates stand in the file. */
export async function connectPlainly(kubeconfigPath: string): Promise<PlainClient> {
  const kubeconfig = load(await readFile(kubeconfigPath, 'utf8')) as Kubeconfig;
  const { cluster } = kubeconfig.clusters[0];
  const { user } = kubeconfig.users[0];
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 4,
    ca: decode(cluster['certificate-authority-data']),
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  });
  return {
    send: (method, path, body) =>
      new Promise((resolve, reject) => {
        const outgoing = request(
          new URL(path, cluster['server']),
          { method, agent, headers: { 'content-type': 'application/json' } },
          (incoming) => {
            const chunks: Buffer[] = [];
            incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
            incoming.on('error', reject);
            incoming.on('end', () => {
              const body = parseBody(Buffer.concat(chunks).toString('utf8'));
              resolve({ status: incoming.statusCode ?? 0, body, causes: causesOf(body) });
            });
          },
        );
        outgoing.setTimeout(TIMEOUT_MILLISECONDS, () => outgoing.destroy(new Error(`${path}: no answer`)));
        outgoing.on('error', reject);
        outgoing.end(body === undefined ? undefined : JSON.stringify(body));
      }),
    close: () => agent.destroy(),
  };
}
