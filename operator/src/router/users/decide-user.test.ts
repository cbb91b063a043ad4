import { describe, expect, it } from '@jest/globals';
import { nativePasswordHash } from '../../engines/mariadb/credentials.ts';
import { routerPassword, routerPasswordHash } from '../../engines/mariadb/router-credential.ts';
import { nativeDoubleHash, nativeSecretOf } from '../../wire/auth/native-password.ts';
import { decideUser } from './decide-user.ts';
import type { StoredAccount, StoredPlugin } from './global-priv.ts';
import { serverCredential } from './user-directory.ts';

const SECRET = 'router secret';
const NOW = Date.UTC(2026, 10, 23);
const PUBLIC_KEY = Buffer.alloc(32, 7);

const native = (password: string): StoredPlugin => ({
  plugin: 'mysql_native_password',
  authentication: nativePasswordHash(password),
});
const derived: StoredPlugin = {
  plugin: 'mysql_native_password',
  authentication: routerPasswordHash(SECRET, 'app'),
};
const ed25519: StoredPlugin = {
  plugin: 'ed25519',
  authentication: PUBLIC_KEY.toString('base64').slice(0, 43),
};

function stored(changes: Partial<StoredAccount> = {}): StoredAccount {
  return {
    user: 'app',
    host: '%',
    plugins: [derived, native('own')],
    tls: 'None',
    locked: false,
    passwordChangedAt: NOW / 1000 - 100,
    passwordLifetime: 0,
    maxConnections: 0,
    defaultRole: null,
    ...changes,
  };
}

const decide = (...accounts: StoredAccount[]) => decideUser(accounts, SECRET, NOW);

const OWN = { plugin: 'mysql_native_password', doubleHash: nativeDoubleHash(nativeSecretOf('own')) };
const DERIVED = { kind: 'password', password: routerPassword(SECRET, 'app') };

describe('decideUser', () => {
  it.each<[string, readonly StoredPlugin[], readonly object[], object | undefined]>([
    ['the derived credential first', [derived, native('own')], [OWN], DERIVED],
    ['the derived credential last', [native('own'), derived], [OWN], DERIVED],
    ['ed25519', [derived, ed25519], [{ plugin: 'client_ed25519', publicKey: PUBLIC_KEY }], DERIVED],
    [
      'both of his own',
      [derived, ed25519, native('own')],
      [{ plugin: 'client_ed25519', publicKey: PUBLIC_KEY }, OWN],
      DERIVED,
    ],
    ['a native password alone: only its own proof opens servers', [native('own')], [OWN], undefined],
    ['no derived credential: ed25519 proves nothing to servers', [ed25519, native('own')], [OWN], undefined],
    [
      'an empty password',
      [{ plugin: 'mysql_native_password', authentication: '' }],
      [{ plugin: 'mysql_native_password', doubleHash: null }],
      undefined,
    ],
    [
      'plugins that nobody else speaks beside',
      [{ plugin: 'unix_socket', authentication: '' }, native('own')],
      [OWN],
      undefined,
    ],
  ])('serves a user with %s', (_case, plugins, methods, credential) => {
    expect(decide(stored({ plugins }))).toMatchObject({ kind: 'found', account: { methods, credential } });
  });

  it.each<[string, readonly StoredAccount[], RegExp]>([
    ['ed25519 alone', [stored({ plugins: [ed25519] })], /no credential of routers/],
    ['the derived credential alone', [stored({ plugins: [derived] })], /cannot be verified/],
    [
      'another’s derived credential',
      [stored({ user: 'other', plugins: [ed25519, { ...ed25519, plugin: 'pam' }] })],
      /no cred/,
    ],
    [
      'a password that cannot be',
      [stored({ plugins: [{ ...derived, authentication: 'invalid' }] })],
      /cannot be verified/,
    ],
    ['a socket', [stored({ plugins: [{ plugin: 'unix_socket', authentication: '' }] })], /by unix_socket/],
    ['a client certificate', [stored({ tls: 'ClientCertificate' })], /certificate/],
    ['one host', [stored({ host: '10.0.0.5' })], /'10\.0\.0\.5'/],
    ['two hosts', [stored(), stored({ host: '10.%' })], /'%', '10\.%'/],
  ])('does not serve a user with %s', (_case, accounts, reason) => {
    expect(decide(...accounts)).toEqual({ kind: 'unserved', reason: expect.stringMatching(reason) });
  });

  it.each<[string, readonly StoredAccount[]]>([
    ['nobody', []],
    [
      'an account for the server’s own machine',
      [stored({ host: 'localhost' }), stored({ host: '127.0.0.1' })],
    ],
    ['the account without a name', [stored({ user: '' })]],
  ])('does not know %s', (_case, accounts) => {
    expect(decide(...accounts)).toEqual({ kind: 'unknown' });
  });

  it('does not mind further accounts for the server’s own machine', () => {
    expect(decide(stored({ host: '::1' }), stored(), stored({ host: 'localhost' })).kind).toBe('found');
  });

  it('hands on what the account requires', () => {
    expect(decide(stored({ tls: 'Any', locked: true, maxConnections: 5 }))).toMatchObject({
      account: { requireTls: true, locked: true, maxConnections: 5, passwordExpired: false },
    });
    expect(decide(stored())).toMatchObject({ account: { requireTls: false, maxConnections: null } });
  });

  it('tells a user that was changed from the same before', () => {
    const generation = (change: Partial<StoredAccount>): string => {
      const found = decide(stored({ passwordChangedAt: 5, ...change }));
      return found.kind === 'found' ? found.account.generation : found.kind;
    };
    const other = [{ plugin: 'mysql_native_password', authentication: `*${'B'.repeat(40)}` }];
    const generations = [{}, { defaultRole: 'reader' }, { passwordChangedAt: 6 }, { plugins: other }].map(
      generation,
    );
    expect(new Set(generations).size).toBe(4);
    expect(generation({})).toBe(generations[0]);
    expect(generations[3]).not.toContain('BBBB');
  });

  it.each<[string, Partial<StoredAccount>, boolean]>([
    ['without an end', { passwordChangedAt: 1, passwordLifetime: 0 }, false],
    ['declared expired', { passwordChangedAt: 0 }, true],
    ['within its lifetime', { passwordChangedAt: NOW / 1000 - 86_400, passwordLifetime: 2 }, false],
    ['after its lifetime', { passwordChangedAt: NOW / 1000 - 2 * 86_400 - 1, passwordLifetime: 2 }, true],
    ['of unknown age', { passwordChangedAt: undefined, passwordLifetime: 2 }, false],
  ])('knows whether a password is expired: %s', (_case, changes, expired) => {
    expect(decide(stored(changes))).toMatchObject({ account: { passwordExpired: expired } });
  });
});

describe('serverCredential', () => {
  const account = (plugins: readonly StoredPlugin[]) => {
    const found = decide(stored({ plugins }));
    if (found.kind !== 'found') {
      throw new Error('not found');
    }
    return found.account;
  };

  it('is the derived one where there is one, else what the login revealed', () => {
    const sha1 = nativeSecretOf('own');
    expect(serverCredential(account([derived, native('own')]), sha1)).toEqual(DERIVED);
    expect(serverCredential(account([native('own')]), sha1)).toEqual({ kind: 'passwordSha1', sha1 });
    expect(serverCredential(account([native('own')]), null)).toEqual({ kind: 'password', password: '' });
  });
});
