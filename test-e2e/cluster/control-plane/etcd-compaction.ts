import { ClusterError } from '../failure.ts';
import { httpsRequest } from './https-request.ts';
import type { TlsIdentity } from './https-request.ts';

/**
 * Compacts etcd up to its newest revision, through its JSON gateway. A list that continues from an older
 * revision then gets 410 Gone from the API server; an open watch goes on, as it is fed from the API server's
 * own cache.
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
  const key = Buffer.from('/registry/').toString('base64');
  const range = (await call('range', { key, limit: 1 })) as { header?: { revision?: string } };
  await call('compaction', { revision: range.header?.revision ?? '0', physical: true });
}
