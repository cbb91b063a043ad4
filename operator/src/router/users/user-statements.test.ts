import { describe, expect, it } from '@jest/globals';
import { nativePasswordHash } from '../../engines/mariadb/credentials.ts';
import { routerPasswordHash } from '../../engines/mariadb/router-credential.ts';
import { ed25519PublicKey } from '../../wire/auth/ed25519.ts';
import { parseAs } from '../sql/testing/parse.ts';
import { levelOf, readKeyspaceRole } from './keyspace-level.ts';
import { planGrant, planRevoke, planUserChange, type UserChange, userOf } from './user-statements.ts';

const SECRET = 'router secret';
const derived = (user: string): string => routerPasswordHash(SECRET, user);
const OWN = nativePasswordHash('pass');
const KEY = ed25519PublicKey('pass').toString('base64').slice(0, 43);
const context = { user: 'me', secret: SECRET };

function plan(sql: string): UserChange {
  const { statement, shape } = parseAs('userManagement', sql);
  const { action } = shape;
  if (action === null || 'privileges' in action) {
    throw new Error('not read');
  }
  return planUserChange(action, {
    ...context,
    literal: (index) => {
      const literal = statement.literal(index);
      return literal.kind === 'number'
        ? literal.text
        : literal.kind === 'parameter'
          ? '?'
          : literal.bytes.toString();
    },
  });
}

const identified = (user: string): string =>
  `IDENTIFIED VIA mysql_native_password USING '${derived(user)}' OR mysql_native_password USING '${OWN}'`;

describe('planUserChange', () => {
  it.each([
    ["CREATE USER bob IDENTIFIED BY 'pass'", `CREATE USER \`bob\`@\`%\` ${identified('bob')}`],
    [
      "CREATE USER 'bob'@'%' IDENTIFIED BY PASSWORD '" + OWN + "'",
      `CREATE USER \`bob\`@\`%\` ${identified('bob')}`,
    ],
    [
      "CREATE USER IF NOT EXISTS `b``b` IDENTIFIED VIA mysql_native_password USING PASSWORD('pass') REQUIRE SSL WITH MAX_USER_CONNECTIONS 5 ACCOUNT LOCK",
      `CREATE USER IF NOT EXISTS \`b\`\`b\`@\`%\` ${identified('b`b')} REQUIRE SSL WITH MAX_USER_CONNECTIONS 5 ACCOUNT LOCK`,
    ],
    [
      "CREATE OR REPLACE USER bob IDENTIFIED VIA ed25519 USING PASSWORD('pass')",
      `CREATE OR REPLACE USER \`bob\`@\`%\` IDENTIFIED VIA mysql_native_password USING '${derived('bob')}' OR ed25519 USING '${KEY}'`,
    ],
    ["ALTER USER CURRENT_USER() IDENTIFIED BY 'pass'", `ALTER USER \`me\`@\`%\` ${identified('me')}`],
    ['ALTER USER IF EXISTS bob ACCOUNT UNLOCK', 'ALTER USER IF EXISTS `bob`@`%` ACCOUNT UNLOCK'],
    ["SET PASSWORD = PASSWORD('pass')", `ALTER USER \`me\`@\`%\` ${identified('me')}`],
    [`SET PASSWORD FOR 'bob'@'%' = '${OWN}'`, `ALTER USER \`bob\`@\`%\` ${identified('bob')}`],
    ["DROP USER bob, 'ann'@'%'", 'DROP USER `bob`@`%`, `ann`@`%`'],
    ['DROP USER IF EXISTS bob', 'DROP USER IF EXISTS `bob`@`%`'],
  ])('%s', (sql, statement) => {
    expect(plan(sql).statement).toBe(statement);
  });

  it('makes a user that another shard has already like there', () => {
    expect(plan("CREATE USER bob IDENTIFIED BY 'pass'")).toEqual({
      kind: 'change',
      statement: `CREATE USER \`bob\`@\`%\` ${identified('bob')}`,
      alreadyDone: [1396],
      repair: `ALTER USER \`bob\`@\`%\` ${identified('bob')}`,
    });
  });

  it('never writes a password', () => {
    for (const sql of ["CREATE USER b IDENTIFIED BY 'se-cret'", "SET PASSWORD = PASSWORD('se-cret')"]) {
      expect(JSON.stringify(plan(sql))).not.toContain('se-cret');
    }
  });

  it.each([
    ["CREATE USER bob@'10.%' IDENTIFIED BY 'x'", /for the host 10\.%/],
    ['CREATE USER bob', /without a password/],
    ["CREATE USER bob IDENTIFIED BY ''", /An empty password/],
    ["CREATE USER '' IDENTIFIED BY 'x'", /without a name/],
    ["CREATE USER shardwright_router IDENTIFIED BY 'x'", /of the operator/],
    ['DROP USER Shardwright_router', /of the operator/],
    ["CREATE USER bob IDENTIFIED BY PASSWORD 'x'", /not what mysql_native_password stores/],
  ])('refuses %s', (sql, message) => {
    expect(() => plan(sql)).toThrow(message);
  });

  it.each([
    "CREATE USER bob IDENTIFIED BY 'x', ann IDENTIFIED BY 'y'",
    'CREATE USER bob IDENTIFIED VIA unix_socket',
    "CREATE USER bob IDENTIFIED BY 'x' REQUIRE X509",
    "CREATE USER bob IDENTIFIED BY 'x' PASSWORD EXPIRE",
    'CREATE ROLE r',
    'RENAME USER a TO b',
    'SET DEFAULT ROLE r',
    'GRANT SELECT ON app.* TO bob WITH GRANT OPTION',
  ])('does not read %s', (sql) => {
    expect(parseAs('userManagement', sql).shape.action).toBeNull();
  });
});

describe('rights', () => {
  const keyspaces = ['app', 'events'];
  const isKeyspaceRole = (role: string): boolean => readKeyspaceRole(role, keyspaces) !== undefined;
  const RO = 'shardwright_keyspace_app_ro';
  const RW = 'shardwright_keyspace_app_rw';
  const OTHER = 'shardwright_keyspace_events_ro';

  it.each([
    [['SELECT', 'SHOW VIEW'], 'readOnly'],
    [['show view', 'select'], 'readOnly'],
    [['ALL'], 'owner'],
    [['SELECT'], undefined],
    [['SELECT', 'SHOW VIEW', 'INSERT'], undefined],
    [['SELECT (…)', 'SHOW VIEW'], undefined],
    [
      'LOCK TABLES, SELECT, SHOW VIEW, INSERT, UPDATE, DELETE, EXECUTE, CREATE TEMPORARY TABLES'.split(', '),
      'readWrite',
    ],
  ])('are a level or none: %p', (privileges, level) => {
    expect(levelOf(privileges)).toBe(level);
  });

  it('are read from the grammar', () => {
    const { action } = parseAs('userManagement', "GRANT SELECT, SHOW VIEW ON app.* TO bob, 'ann'@'%'").shape;
    expect(action).toMatchObject({
      action: 'grant',
      privileges: ['SELECT', 'SHOW VIEW'],
      accounts: [
        { user: { text: 'bob' }, host: null },
        { user: { literal: 0 }, host: '%' },
      ],
    });
    const revoked = parseAs('userManagement', 'REVOKE ALL PRIVILEGES ON app.* FROM bob').shape.action;
    expect(revoked).toMatchObject({ action: 'revoke', privileges: ['ALL'] });
  });

  it('begin with the role of the keyspace as the default one', () => {
    expect(planGrant('bob', RO, null, isKeyspaceRole)).toEqual([
      `GRANT \`${RO}\` TO \`bob\`@\`%\``,
      `SET DEFAULT ROLE \`${RO}\` FOR \`bob\`@\`%\``,
    ]);
  });

  it('gather in a role of the user’s own, without a moment in which he has none', () => {
    expect(planGrant('bob', OTHER, RO, isKeyspaceRole)).toEqual([
      'CREATE ROLE IF NOT EXISTS `shardwright_user_bob`',
      `GRANT \`${RO}\` TO \`shardwright_user_bob\``,
      `GRANT \`${OTHER}\` TO \`shardwright_user_bob\``,
      'GRANT `shardwright_user_bob` TO `bob`@`%`',
      'SET DEFAULT ROLE `shardwright_user_bob` FOR `bob`@`%`',
      `REVOKE \`${RO}\` FROM \`bob\`@\`%\``,
    ]);
    expect(planGrant('bob', RW, 'shardwright_user_bob', isKeyspaceRole)).toEqual([
      `GRANT \`${RW}\` TO \`shardwright_user_bob\``,
    ]);
  });

  it('do not push out a role that somebody else has given', () => {
    expect(() => planGrant('bob', RO, 'auditor', isKeyspaceRole)).toThrow('default role auditor');
  });

  it('are taken where they are', () => {
    expect(planRevoke('bob', [RO], RO, new Set())).toEqual([
      'SET DEFAULT ROLE NONE FOR `bob`@`%`',
      `REVOKE \`${RO}\` FROM \`bob\`@\`%\``,
    ]);
    expect(planRevoke('bob', [RO, RW], 'shardwright_user_bob', new Set([RW, OTHER]))).toEqual([
      `REVOKE \`${RW}\` FROM \`shardwright_user_bob\``,
    ]);
    expect(planRevoke('bob', [RO], RW, new Set())).toBeNull();
    expect(planRevoke('bob', [RO], null, new Set())).toBeNull();
  });

  it('belong to users for any host', () => {
    const literal = (): string => 'bob';
    expect(userOf({ user: { literal: 0 }, host: '%' }, { ...context, literal })).toBe('bob');
    expect(() => userOf({ user: { text: 'bob' }, host: 'localhost' }, { ...context, literal })).toThrow(
      'localhost',
    );
  });
});
