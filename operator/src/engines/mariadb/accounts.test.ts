import { describe, expect, it } from '@jest/globals';
import type { Account } from '../accounts.ts';
import { initSql } from './boot.ts';
import { nativePasswordHash } from './credentials.ts';
import { mariadbPositions } from './gtid.ts';
import { rightsFingerprint } from './manage-accounts.ts';
import { grantsOf, schemaPattern } from './privileges.ts';
import { toEngineError } from './server-error.ts';

const account: Account = {
  name: 'app',
  purpose: 'application',
  password: 'secret',
  requireTls: true,
  schemas: ['shop', 'shop_s*'],
};

describe('accounts', () => {
  it('hashes as the server does', () => {
    // SELECT PASSWORD('password')
    expect(nativePasswordHash('password')).toBe('*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19');
  });

  it('gives an application its schemas and nothing else', () => {
    const grants = grantsOf(account);
    expect(grants.map((grant) => grant.split(' ON ')[1])).toEqual(['`shop`.*', '`shop\\_s%`.*']);
  });

  it.each(['application', 'administration', 'replication', 'monitoring'] as const)(
    'gives %s nothing that writes to a closed server or breaks replication',
    (purpose) => {
      const grants = grantsOf({ ...account, purpose }).join(', ');
      expect(grants).not.toMatch(
        /READ.ONLY ADMIN|SUPER|BINLOG (ADMIN|REPLAY)|REPLICATION \w+ ADMIN|ALL PRIVILEGES/,
      );
    },
  );

  it.each(['', '*', 'a.b', 'a`b', 'a*b', 'x'.repeat(65)])('refuses the schema %j', (schema) => {
    expect(() => schemaPattern(schema)).toThrow(expect.objectContaining({ code: 'InvalidConfiguration' }));
  });

  it('knows every change of rights, and nothing of the password', () => {
    const fingerprint = rightsFingerprint(account);
    expect(rightsFingerprint({ ...account, password: 'other' })).toBe(fingerprint);
    for (const change of [
      { requireTls: false },
      { schemas: ['shop'] },
      { purpose: 'administration' as const },
    ]) {
      expect(rightsFingerprint({ ...account, ...change })).not.toBe(fingerprint);
    }
  });
});

describe('initSql', () => {
  it('replicates and logs nothing, one statement a line', () => {
    const lines = initSql(nativePasswordHash('secret'), mariadbPositions.parse('0-1-5'))
      .trimEnd()
      .split('\n');
    expect(lines[0]).toBe('SET SESSION sql_log_bin = 0, sql_log_off = 1;');
    expect(lines.every((line) => line.endsWith(';'))).toBe(true);
    expect(lines.at(-1)).toBe("SET GLOBAL gtid_slave_pos = '0-1-5';");
    expect(lines.join()).not.toContain('secret');
  });

  it('leaves the position of data that has served alone', () => {
    expect(initSql('*00', undefined)).not.toContain('gtid_slave_pos');
  });
});

/** An error as the driver throws it. */
const driverError = (fields: object): Error => Object.assign(new Error('message'), fields);

describe('toEngineError', () => {
  it.each([
    [{ code: 'ECONNREFUSED' }, 'Unreachable', 'login: ECONNREFUSED'],
    [{ code: 'PROTOCOL_CONNECTION_LOST', fatal: true }, 'Unreachable', 'login: PROTOCOL_CONNECTION_LOST'],
    [{ errno: 1045, sqlState: '28000' }, 'AccessDenied', 'login: message'],
    [{ errno: 1290, sqlState: 'HY000' }, 'ServerError', 'login: 1290 message'],
    [{ errno: 1064, sqlState: '42000' }, 'ServerError', 'login: 1064 syntax error'],
  ])('%j is %s', (fields, code, message) => {
    expect(toEngineError(driverError(fields), 'login')).toMatchObject({ code, message });
  });

  it('keeps the statement out', () => {
    const error = toEngineError(driverError({ errno: 1290, sqlState: 'HY000', sql: "... 'secret'" }), 'set');
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('secret');
    expect(error.cause).toBeUndefined();
  });
});
