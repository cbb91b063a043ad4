import { beforeAll, describe, expect, it } from '@jest/globals';
import { createAuthority, issueCertificate } from './certificate-authority.ts';
import {
  readAuthorities,
  readHolder,
  type SecretText,
  storeAuthority,
  type StoredAuthority,
  writeAuthorities,
  writeHolder,
} from './certificate-secrets.ts';
import { decideCertificates } from './decide-certificates.ts';
import { CERTIFICATE_LIFETIME_MILLISECONDS, validityFrom } from './lifetime.ts';

const NOW = Date.UTC(2030, 0, 1);
const request = {
  commonName: 'demo',
  dnsNames: ['demo.svc'],
  ipAddresses: ['127.0.0.1', '::1'],
  uris: ['shardwright://shop/demo/agent'],
  usages: ['server', 'client'] as const,
};
const wanted = [{ name: 'demo-tls', ...request }];

let one: StoredAuthority;
let two: StoredAuthority;
let holder: SecretText;
beforeAll(async () => {
  one = storeAuthority(await createAuthority('demo', validityFrom(NOW, 3650 * 24 * 3600_000)));
  two = storeAuthority(await createAuthority('demo', validityFrom(NOW + 1000, 3650 * 24 * 3600_000)));
  const authority = { certificate: one.certificate, key: one.key ?? '' };
  const pair = await issueCertificate(
    authority,
    request,
    validityFrom(NOW, CERTIFICATE_LIFETIME_MILLISECONDS),
  );
  holder = writeHolder(undefined, { pair, trusted: [one] }, NOW);
});

describe('authorities in a Secret', () => {
  it('are read back in their order, more than nine of them too', () => {
    const many = Array.from({ length: 11 }, (_, index) => (index % 2 === 0 ? one : two));
    expect(readAuthorities(writeAuthorities(many), [])).toEqual(many);
  });

  it('sign no more without their key, or with that of another', () => {
    const data = writeAuthorities([
      { ...one, key: undefined },
      { ...two, key: one.key },
    ]);
    expect(readAuthorities(data, []).map(({ record }) => record.canSign)).toEqual([false, false]);
  });

  it('are left out where they cannot be read', () => {
    const data = { ...writeAuthorities([one, two]), 'authority-1.crt': 'garbage', other: 'x' };
    expect(readAuthorities(data, []).map(({ record }) => record.id)).toEqual([two.record.id]);
  });

  it('are known from those who trust them once the Secret is lost, and sign no more', () => {
    const found = readAuthorities(undefined, [
      holder,
      { 'ca.crt': two.certificate },
      {},
      { 'ca.crt': one.certificate },
    ]);
    expect(found.map(({ record }) => record)).toEqual([
      { ...one.record, canSign: false },
      { ...two.record, canSign: false },
    ]);
  });
});

describe('a holder’s Secret', () => {
  it('is as was wanted: nothing is left to do, for issued certificates hold what was asked', () => {
    const record = readHolder('demo-tls', holder, [one]);
    expect(record).toMatchObject({ trusted: [one.record.id], trustedSince: NOW });
    const decision = decideCertificates({ authorities: [one.record], holders: [record], wanted }, NOW);
    expect(decision.kind).toBe('wait');
  });

  it('keeps its certificate when the trust changes, and the time of the trust when the certificate does', async () => {
    const trusting = writeHolder(holder, { trusted: [one, two] }, NOW + 5000);
    expect(trusting).toMatchObject({ 'tls.crt': holder['tls.crt'], 'tls.key': holder['tls.key'] });
    expect(readHolder('demo-tls', trusting, [one, two])).toMatchObject({
      trusted: [one.record.id, two.record.id],
      trustedSince: NOW + 5000,
    });
    const authority = { certificate: two.certificate, key: two.key ?? '' };
    const pair = await issueCertificate(authority, request, validityFrom(NOW, 1000));
    const renewed = readHolder('demo-tls', writeHolder(trusting, { pair, trusted: [one, two] }, NOW + 9000), [
      one,
      two,
    ]);
    expect(renewed).toMatchObject({ trustedSince: NOW + 5000, certificate: { issuerId: two.record.id } });
  });

  it.each([
    ['an empty one', {}],
    [
      'garbage',
      { 'tls.crt': 'x', 'tls.key': 'y', 'ca.crt': '-----BEGIN CERTIFICATE-----x-----END CERTIFICATE-----' },
    ],
  ])('counts as missing: %s', (_name, data) => {
    expect(readHolder('a', data, [one])).toEqual({
      name: 'a',
      certificate: null,
      trusted: [],
      trustedSince: 0,
    });
  });

  it('counts as missing when key and certificate are of two versions', () => {
    expect(readHolder('a', { ...holder, 'tls.key': two.key ?? '' }, [one]).certificate).toBeNull();
  });
});
