import { describe, expect, it } from '@jest/globals';
import type { DatabaseUser } from '../users.ts';
import { ensureUsers } from './manage-users.ts';
import type { ServerAccess } from './server-access.ts';
import { userFingerprint } from './user-rights.ts';

const { signal } = new AbortController();

const web: DatabaseUser = {
  name: 'web',
  passwordHashes: ['*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'],
  requireTls: true,
  maxConnections: 0,
  access: { kind: 'keyspaces', level: 'readWrite', keyspaces: ['shop'] },
};

/** What an open primary with those users is told to change; it fails at the statement that matches `failsAt`. */
async function changesOf(existing: readonly object[], failsAt?: RegExp): Promise<string[]> {
  const sent: string[] = [];
  const server = {
    facts: async () => ({ slave: undefined, semiSyncMaster: false, status: new Map() }),
    async run(_what: string, sql: string) {
      if (sql.includes('FROM information_schema.TABLES')) {
        return [{ 1: 1 }];
      }
      if (sql.includes('FROM mysql.global_priv p')) {
        return existing;
      }
      if (/^\s*SELECT/u.test(sql)) {
        return [];
      }
      if (failsAt?.test(sql) === true) {
        throw new Error('the connection was lost');
      }
      sent.push(sql);
      return [];
    },
  } as unknown as ServerAccess;
  try {
    await ensureUsers(server, { users: [web], untouched: [], carried: null }, signal);
  } catch (error) {
    sent.push(String(error));
  }
  return sent;
}

const present = (fingerprint: string, hash = web.passwordHashes[0]) => ({
  name: 'web',
  entry: JSON.stringify({ plugin: 'mysql_native_password', authentication_string: hash }),
  fingerprint,
});

/** Positions of the statements that match, in order. */
const positions = (sent: readonly string[], pattern: RegExp): number[] =>
  sent.flatMap((sql, index) => (pattern.test(sql) ? [index] : []));

describe('a user whose rights are being made', () => {
  it.each([
    ['is new', []],
    ['was made by half', [present('')]],
  ])('cannot log in before they are whole, where it %s', async (_, existing) => {
    const sent = await changesOf(existing);
    const [unlocked = -1, ...others] = positions(sent, /ACCOUNT UNLOCK/u);
    expect(others).toEqual([]);
    expect(positions(sent, /^(CREATE|ALTER) USER .*ACCOUNT LOCK/u)).toHaveLength(2);
    const rights = positions(sent, /GRANT|REVOKE|ROLE/u);
    expect(rights.length).toBeGreaterThan(0);
    expect(Math.max(...rights)).toBeLessThan(unlocked);
  });

  it('stays locked where something goes wrong in between, and is not taken for finished', async () => {
    const sent = await changesOf([], /^GRANT|^CREATE ROLE/u);
    expect(sent.at(-1)).toContain('the connection was lost');
    expect(positions(sent, /ACCOUNT UNLOCK/u)).toEqual([]);
  });

  it('is not locked for another password: an application is at work with it', async () => {
    const sent = await changesOf([present(userFingerprint(web), '*0000')]);
    expect(sent.length).toBeGreaterThan(0);
    expect(positions(sent, /LOCK/u)).toEqual([]);
  });
});
