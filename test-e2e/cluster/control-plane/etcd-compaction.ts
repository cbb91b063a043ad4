import { ClusterError } from '../failure.ts';
import { httpsRequest } from './https-request.ts';
import type { TlsIdentity } from './https-request.ts';

/** Where API servers tell each other up to which revision one of them has compacted. */
const compactedRevisionKey = 'compact_rev_key';

/**
 * Compacts etcd up to its newest revision, through its JSON gateway, and tells the API server so, as another API server
 * would. Since Kubernetes 1.34 an API server also keeps snapshots for lists that continue, and drops old ones at its
 * next look at that key: up to 15 seconds later a list that continues from before gets 410 Gone. An open watch
 * goes on, and a new one may still start from an older revision, as watches are fed from the API server's memory;
 * restart it to empty that.
 */
export async function compactEtcd(identity: TlsIdentity, clientPort: number): Promise<void> {
  const call = async (path: string, body: unknown): Promise<unknown> => {
    const url = `https://127.0.0.1:${String(clientPort)}/v3/kv/${path}`;
    const answer = await httpsRequest(identity, url, { method: 'POST', body: JSON.stringify(body) });
    if (answer.status !== 200) {
      throw new ClusterError('CommandFailed', `etcd refused ${path}: ${answer.body}`);
    }
    return JSON.parse(answer.body);
  };
  const range = (await call('range', { key: encode('/registry/'), limit: 1 })) as {
    header?: { revision?: string };
  };
  const revision = range.header?.revision ?? '0';
  await call('compaction', { revision, physical: true });
  await call('put', { key: encode(compactedRevisionKey), value: encode(revision) });
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}
