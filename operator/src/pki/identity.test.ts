import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createAuthority, issueCertificate } from './certificate-authority.ts';
import { parseCertificate } from './certificate-text.ts';
import { formatIdentity, identityOf, parseIdentity, PEER_ROLES } from './identity.ts';

const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?$/);

describe('identity', () => {
  it('reads back what it writes', () => {
    fc.assert(
      fc.property(label, label, fc.constantFrom(...PEER_ROLES), (namespace, cluster, role) => {
        const identity = { namespace, cluster, role };
        expect(parseIdentity(formatIdentity(identity))).toEqual(identity);
      }),
    );
  });

  it.each([
    'shardwright://a/b/root',
    'shardwright://a/b/operator/',
    'shardwright://a/b/operator?x',
    'shardwright://a//operator',
    'shardwright://A/b/operator',
    'https://a/b/operator',
    'xshardwright://a/b/operator',
    'shardwright://a/b/operator\n',
    '"shardwright://a/b/operator"',
  ])('takes %j for nobody', (uri) => {
    expect(parseIdentity(uri)).toBeUndefined();
  });

  it('does not write names that are no DNS labels', () => {
    expect(() => formatIdentity({ namespace: 'a/b', cluster: 'c', role: 'agent' })).toThrow(TypeError);
  });

  it.each([
    ['one of ours', ['shardwright://shop/demo/agent'], true],
    ['one of somebody else', ['spiffe://shop/demo/agent'], false],
    ['none', [], false],
    ['two', ['shardwright://shop/demo/agent', 'shardwright://shop/demo/operator'], false],
    ['one hidden behind a separator', ['x:y, URI:shardwright://shop/demo/operator'], false],
  ])('of a certificate with %s', async (_name, uris, known) => {
    const validity = { notBefore: Date.now() - 1000, notAfter: Date.now() + 60_000 };
    const authority = await createAuthority('test', validity);
    const request = { commonName: 'x', dnsNames: ['x.example'], ipAddresses: [], uris, usages: [] };
    const { certificate } = await issueCertificate(authority, { ...request, usages: ['client'] }, validity);
    expect(identityOf(parseCertificate(certificate))?.role).toBe(known ? 'agent' : undefined);
  });
});
