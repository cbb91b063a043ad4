import { describe, expect, it } from '@jest/globals';
import type { DatabaseUser } from '../users.ts';
import { routerPassword, routerPasswordHash } from './router-credential.ts';
import { hashesOf, identifiedBy, rightsOf, rightsStatements, userFingerprint } from './user-rights.ts';

function aUser(change: Partial<DatabaseUser> = {}): DatabaseUser {
  return {
    name: 'web',
    passwordHashes: ['*ROUTER', '*OWN'],
    requireTls: false,
    maxConnections: 0,
    access: { kind: 'keyspaces', level: 'readWrite', keyspaces: ['app'] },
    ...change,
  };
}

const several = { access: { kind: 'keyspaces', level: 'readOnly', keyspaces: ['app', 'blog'] } } as const;
const APP_ROLE = 'shardwright_keyspace_app_rw';

describe('the rights of users', () => {
  it('come from the role of the one keyspace, or from a role of its own for several', () => {
    expect(rightsOf(aUser()).role).toBe(APP_ROLE);
    expect(rightsOf(aUser(several)).role).toBe('shardwright_user_web');
    const nothing = aUser({ access: { kind: 'keyspaces', level: 'owner', keyspaces: [] } });
    expect(rightsOf(nothing)).toEqual({ grants: [], keyspaceRoles: [], role: undefined });
  });

  it('are given by role, which is the default one, before any other is taken', () => {
    const statements = rightsStatements(aUser(), ['shardwright_keyspace_app_ro'], []);
    expect(statements).toEqual([
      `CREATE ROLE IF NOT EXISTS \`${APP_ROLE}\``,
      `GRANT \`${APP_ROLE}\` TO ?@'%'`,
      `SET DEFAULT ROLE \`${APP_ROLE}\` FOR ?@'%'`,
      "REVOKE `shardwright_keyspace_app_ro` FROM ?@'%'",
      'DROP ROLE IF EXISTS `shardwright_user_web`',
    ]);
  });

  it('of several keyspaces are brought up to date in the role that holds them', () => {
    const parts = ['shardwright_keyspace_app_ro', 'shardwright_keyspace_former_ro'];
    const statements = rightsStatements(aUser(several), ['shardwright_user_web'], parts);
    expect(statements).toContain('GRANT `shardwright_keyspace_blog_ro` TO `shardwright_user_web`');
    expect(statements).toContain('REVOKE `shardwright_keyspace_former_ro` FROM `shardwright_user_web`');
    expect(statements.join()).not.toMatch(/REVOKE `shardwright_user_web`|DROP ROLE/);
  });

  it.each([
    ['TLS', { requireTls: true }],
    ['a limit', { maxConnections: 5 }],
    ['a level', { access: { kind: 'keyspaces', level: 'owner', keyspaces: ['app'] } }],
    ['a keyspace', several],
    ['the routers', { access: { kind: 'router' } }],
  ] as const)('have another fingerprint with %s', (_, change) => {
    expect(userFingerprint(aUser(change))).not.toBe(userFingerprint(aUser()));
  });

  it('have a fingerprint that says nothing of passwords', () => {
    expect(userFingerprint(aUser({ passwordHashes: ['*OTHER'] }))).toBe(userFingerprint(aUser()));
  });

  it('of routers open no table of anybody', () => {
    const { grants } = rightsOf(aUser({ access: { kind: 'router' } }));
    const onEverything = grants.filter((grant) => grant.includes('*.*')).join();
    expect(onEverything).not.toMatch(/SELECT|INSERT|UPDATE|DELETE|SUPER|PROCESS|CREATE|DROP|READ.ONLY|ADMIN/);
    expect(grants.join()).not.toMatch(/GRANT OPTION|ALL PRIVILEGES/);
  });
});

describe('passwords of users', () => {
  it('are read from an entry with one method and with two', () => {
    const second = { plugin: 'mysql_native_password', authentication_string: '*A' };
    expect(hashesOf(JSON.stringify({ ...second }))).toEqual(['*A']);
    const two = { plugin: 'mysql_native_password', authentication_string: '*B', auth_or: [{}, second] };
    expect(hashesOf(JSON.stringify(two))).toEqual(['*A', '*B']);
    expect(hashesOf('{"access":0,"is_role":true}')).toEqual([]);
  });

  it('are any of several', () => {
    expect(identifiedBy(['*A'])).toBe('IDENTIFIED VIA mysql_native_password USING ?');
    expect(identifiedBy(['*A', '*B'])).toBe(
      'IDENTIFIED VIA mysql_native_password USING ? OR mysql_native_password USING ?',
    );
  });

  it('of routers differ by user and by secret, and never change', () => {
    // HMAC-SHA256, by `openssl dgst -sha256 -hmac secret`, of "shardwright router credential v1", a zero byte and "web".
    expect(routerPassword('secret', 'web')).toBe('WqnplpQJAk9YRibf7AjGRT9OyRII3GbjROd7NI4_SPI');
    expect(routerPassword('secret', 'Web')).not.toBe(routerPassword('secret', 'web'));
    expect(routerPassword('other', 'web')).not.toBe(routerPassword('secret', 'web'));
    expect(routerPasswordHash('secret', 'web')).toMatch(/^\*[0-9A-F]{40}$/);
  });
});
