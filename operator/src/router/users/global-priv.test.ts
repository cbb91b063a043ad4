import { describe, expect, it } from '@jest/globals';
import { readStoredAccount } from './global-priv.ts';

const row = (priv: object | string, lifetime = '0') =>
  ['app', '%', typeof priv === 'string' ? priv : JSON.stringify(priv), lifetime].map((text) =>
    Buffer.from(text),
  );

describe('readStoredAccount', () => {
  it('reads one plugin', () => {
    const priv = {
      access: 0,
      plugin: 'mysql_native_password',
      authentication_string: '*AB',
      password_last_changed: 1_700_000_000,
      version_id: 101_119,
    };
    expect(readStoredAccount(row(priv))).toEqual({
      user: 'app',
      host: '%',
      plugins: [{ plugin: 'mysql_native_password', authentication: '*AB' }],
      tls: 'None',
      locked: false,
      passwordChangedAt: 1_700_000_000,
      passwordLifetime: 0,
      maxConnections: 0,
      defaultRole: null,
    });
  });

  it.each([
    [
      [{}, { plugin: 'ed25519', authentication_string: 'key' }],
      ['mysql_native_password *AB', 'ed25519 key'],
    ],
    [
      [{ plugin: 'ed25519', authentication_string: 'key' }, {}],
      ['ed25519 key', 'mysql_native_password *AB'],
    ],
  ])('reads several plugins in their order', (auth_or, expected) => {
    const priv = { plugin: 'mysql_native_password', authentication_string: '*AB', auth_or };
    const plugins = readStoredAccount(row(priv))?.plugins;
    expect(plugins?.map(({ plugin, authentication }) => `${plugin} ${authentication}`)).toEqual(expected);
  });

  it.each([
    [
      'an account without a plugin',
      {},
      { plugins: [{ plugin: 'mysql_native_password', authentication: '' }] },
    ],
    ['REQUIRE SSL', { ssl_type: 1 }, { tls: 'Any' }],
    ['REQUIRE X509', { ssl_type: 2 }, { tls: 'ClientCertificate' }],
    ['REQUIRE SUBJECT', { ssl_type: 3 }, { tls: 'ClientCertificate' }],
    ['a lock', { account_locked: true }, { locked: true }],
    ['a default role', { default_role: 'reader' }, { defaultRole: 'reader' }],
    ['no default role', { default_role: '' }, { defaultRole: null }],
    ['a limit', { max_user_connections: 5 }, { maxConnections: 5 }],
    ['a negative limit', { max_user_connections: -1 }, { maxConnections: 0 }],
    ['a lifetime of its own', { password_lifetime: 3 }, { passwordLifetime: 3 }],
    ['no lifetime of its own', { password_lifetime: -1 }, { passwordLifetime: 90 }],
    ['nothing about its lifetime', {}, { passwordLifetime: 90 }],
    ['privileges that no number holds', '{"access":18446744073709551615}', { user: 'app' }],
  ])('reads %s', (_case, priv, expected) => {
    expect(readStoredAccount(row(priv, '90'))).toMatchObject(expected);
  });

  it.each([
    ['a role', { is_role: true }],
    ['what is no JSON', 'access'],
    ['what is no object', '[]'],
    ['values of other types', { plugin: 5 }],
  ])('leaves out %s', (_case, priv) => {
    expect(readStoredAccount(row(priv))).toBeNull();
  });
});
