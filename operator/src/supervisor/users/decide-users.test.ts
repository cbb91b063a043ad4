import { describe, expect, it } from '@jest/globals';
import { decideUsers, type Password, type UsersInput } from './decide-users.ts';

const KNOWN: Password = { kind: 'known', text: 'web-password' };

function aSpecUser(
  change: Partial<UsersInput['spec']['users'][number]> = {},
): UsersInput['spec']['users'][number] {
  return {
    name: 'web',
    passwordSecretKeyRef: { name: 'web', key: 'password' },
    access: 'ReadWrite',
    maxConnections: 7,
    ...change,
  };
}

function decide(change: Partial<UsersInput> = {}) {
  return decideUsers({
    spec: { users: [], tls: { required: false } },
    keyspaces: ['app', 'blog'],
    applicationPassword: 'app-password',
    router: { key: 'key', username: 'shardwright_router', password: 'router-password' },
    passwordOf: () => KNOWN,
    credentials: {
      hash: (password) => `*${password}`,
      routerPassword: (secret, user) => `${secret}/${user}`,
      routerHash: (secret, user) => `*${secret}/${user}`,
    },
    ...change,
  });
}

const withUsers = (...users: UsersInput['spec']['users']) => ({ users, tls: { required: false } });

describe('decideUsers', () => {
  it('names the routers’ own account and the application, who owns all keyspaces', () => {
    const { command, problems } = decide();
    expect(command.users).toEqual([
      {
        name: 'shardwright_router',
        passwordHashes: ['*router-password'],
        requireTls: true,
        maxConnections: 0,
        access: { kind: 'router' },
      },
      {
        name: 'app',
        passwordHashes: ['*key/app', '*app-password'],
        requireTls: false,
        maxConnections: 0,
        access: { kind: 'keyspaces', level: 'owner', keyspaces: ['app', 'blog'] },
      },
    ]);
    expect([command.untouched, problems]).toEqual([[], []]);
  });

  it.each([
    ['ReadOnly', undefined, { level: 'readOnly', keyspaces: ['app', 'blog'] }],
    ['ReadWrite', ['blog'], { level: 'readWrite', keyspaces: ['blog'] }],
    ['Owner', ['blog', 'not-made-yet'], { level: 'owner', keyspaces: ['blog'] }],
  ] as const)('gives a user of the spec %s on %j', (access, keyspaces, expected) => {
    const user = aSpecUser({ access, ...(keyspaces === undefined ? {} : { keyspaces: [...keyspaces] }) });
    const { command } = decide({ spec: withUsers(user) });
    expect(command.users[2]).toMatchObject({
      name: 'web',
      passwordHashes: ['*key/web', '*web-password'],
      maxConnections: 7,
      access: { kind: 'keyspaces', ...expected },
    });
  });

  it('demands TLS of everybody where the spec does', () => {
    const spec = { users: [aSpecUser()], tls: { required: true } };
    expect(decide({ spec }).command.users.map(({ requireTls }) => requireTls)).toEqual([true, true, true]);
  });

  it('leaves a user as it is whose Secret is missing, and says so', () => {
    const { command, problems } = decide({
      spec: withUsers(aSpecUser()),
      passwordOf: () => ({ kind: 'missing' }),
    });
    expect(command.untouched).toEqual(['web']);
    expect(command.users.map(({ name }) => name)).not.toContain('web');
    expect(problems).toEqual([
      { reason: 'UserSecretMissing', message: expect.stringContaining('the key password of the Secret web') },
    ]);
  });

  it('says nothing of a Secret that was not looked at yet, and touches nobody', () => {
    const { command, problems } = decide({
      spec: withUsers(aSpecUser()),
      passwordOf: () => ({ kind: 'unread' }),
      applicationPassword: undefined,
    });
    expect(command.untouched).toEqual(['app', 'web']);
    expect(problems).toEqual([]);
  });

  it('tells one order from the next, and shows no password', () => {
    const { digest, ...order } = decide({ spec: withUsers(aSpecUser()) }).command;
    expect(decide({ spec: withUsers(aSpecUser()) }).command.digest).toBe(digest);
    expect(decide({ spec: withUsers() }).command.digest).not.toBe(digest);
    expect(decide({ spec: withUsers(aSpecUser()), applicationPassword: 'x' }).command.digest).not.toBe(
      digest,
    );
    expect(order.users).toHaveLength(3);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });
});
