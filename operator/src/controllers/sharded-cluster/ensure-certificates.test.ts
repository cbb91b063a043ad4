import { describe, expect, it } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import type { V1Secret } from '@kubernetes/client-node';
import { secrets } from '../../runtime/resources.ts';
import { FakeApiServer } from '../../runtime/testing/fake-api-server.ts';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { decodeSecret } from './credentials.ts';
import { ensureCertificates } from './ensure-certificates.ts';
import { aCluster } from './testing/builders.ts';

const NEVER = new AbortController().signal;
const NOW = Date.parse('2026-01-01T00:00:00Z');
const DAY = 24 * 3600 * 1000;

function world() {
  const server = new FakeApiServer(new FakeClock());
  const written: string[] = [];
  const cluster = aCluster();
  const { namespace } = cluster.metadata;
  const readSecret = (name: string): Promise<V1Secret | undefined> =>
    server.get(secrets, { namespace, name }, NEVER);
  const ensure = (now: number, shards: readonly number[] = [0]) =>
    ensureCertificates(
      {
        client: server,
        cluster,
        shards,
        readSecret,
        now,
        onWritten: (name, how) => written.push(`${name} ${how}`),
      },
      NEVER,
    );
  const text = async (name: string) => decodeSecret((await readSecret(name))?.data);
  return { ensure, text, written, cluster, server, namespace };
}

describe('the certificates of a cluster', () => {
  it('are made once, each for its holder, by one authority', async () => {
    const { ensure, text, written } = world();
    const { authorities } = await ensure(NOW);
    expect(written).toEqual([
      'demo-ca created',
      'demo-operator-tls created',
      'demo-shard-0-agent-tls created',
      'demo-shard-0-server-tls created',
    ]);
    const authority = new X509Certificate(authorities);
    for (const [name, identity] of [
      ['demo-operator-tls', 'operator'],
      ['demo-shard-0-agent-tls', 'agent'],
      ['demo-shard-0-server-tls', 'replication'],
    ] as const) {
      const holder = await text(name);
      const certificate = new X509Certificate(holder['tls.crt'] ?? '');
      expect(certificate.verify(authority.publicKey)).toBe(true);
      expect(certificate.subjectAltName).toContain(`URI:shardwright://test/demo/${identity}`);
      expect(holder['ca.crt']).toBe(authorities);
    }
    expect(authorities).not.toContain('PRIVATE KEY');
  });

  it('stay as they are, and are extended to a new shard', async () => {
    const { ensure, text, written } = world();
    const { dueAt } = await ensure(NOW);
    const before = await text('demo-shard-0-server-tls');
    written.length = 0;
    await ensure(NOW + DAY, [0, 1]);
    expect(written).toEqual(['demo-shard-1-agent-tls created', 'demo-shard-1-server-tls created']);
    expect(await text('demo-shard-0-server-tls')).toEqual(before);
    expect((dueAt - NOW) / DAY).toBeGreaterThan(30);
    expect((dueAt - NOW) / DAY).toBeLessThan(61);
  });

  it('keep their content when only their owner changes with the deletion policy', async () => {
    const { ensure, text, written, cluster } = world();
    await ensure(NOW);
    const before = await text('demo-ca');
    written.length = 0;
    cluster.spec.deletionPolicy = 'Delete';
    await ensure(NOW + DAY);
    expect(written).toEqual(['demo-ca changed']);
    expect(await text('demo-ca')).toEqual(before);
  });

  it('are not made in the place of a Secret of somebody else', async () => {
    const { ensure, server, namespace } = world();
    await server.create(secrets, { metadata: { namespace, name: 'demo-ca' } }, NEVER);
    await expect(ensure(NOW)).rejects.toThrow('The Secret demo-ca belongs to');
  });

  it('are renewed when they are due, with the same authority', async () => {
    const { ensure, text, written } = world();
    const { dueAt, authorities } = await ensure(NOW);
    const before = await text('demo-shard-0-agent-tls');
    written.length = 0;
    expect((await ensure(dueAt + 1)).authorities).toBe(authorities);
    expect(written).toContain('demo-shard-0-agent-tls changed');
    expect(await text('demo-shard-0-agent-tls')).not.toEqual(before);
  });
});
