import { describe, expect, it } from '@jest/globals';
import { nativePasswordHash } from '../../engines/mariadb/credentials.ts';
import { routerPasswordHash } from '../../engines/mariadb/router-credential.ts';
import { identifiedVia } from './identification.ts';

const derived = routerPasswordHash('secret', 'app');

describe('identifiedVia', () => {
  it('puts the derived credential before the user’s own', () => {
    const hash = nativePasswordHash('own');
    expect(identifiedVia('secret', 'app', { plugin: 'mysql_native_password', hash })).toBe(
      `IDENTIFIED VIA mysql_native_password USING '${derived}' OR mysql_native_password USING '${hash}'`,
    );
    const publicKey = 'cvW5EbYZvh5EC6phDp/LP6MeIOuvjWOoQ/h3f3ruS/E';
    expect(identifiedVia('secret', 'app', { plugin: 'ed25519', publicKey })).toBe(
      `IDENTIFIED VIA mysql_native_password USING '${derived}' OR ed25519 USING '${publicKey}'`,
    );
  });

  it.each([
    { plugin: 'mysql_native_password', hash: "*' OR '" },
    { plugin: 'mysql_native_password', hash: 'password' },
    { plugin: 'ed25519', publicKey: 'short' },
  ] as const)('takes nothing else for a proof: %p', (own) => {
    expect(() => identifiedVia('secret', 'app', own)).toThrow(RangeError);
  });
});
