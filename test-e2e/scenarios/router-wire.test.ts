import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runProgram, startProgram } from '../../operator/src/engines/programs.ts';
import {
  PASSWORD,
  startTrivialListener,
  type TrivialListener,
} from '../../operator/src/router/client/testing/trivial-listener.ts';
import { decodeBinaryRow, encodeBinaryRow } from '../../operator/src/wire/binary-row.ts';
import type { ColumnDefinition } from '../../operator/src/wire/column-definition.ts';
import { COLLATION, COLUMN_TYPE } from '../../operator/src/wire/column-type.ts';
import { formatTextValue, parseTextValue } from '../../operator/src/wire/text-value.ts';
import { decodeTextRow } from '../../operator/src/wire/text-row.ts';
import { type ValueType, valueTypeOf, type WireValue } from '../../operator/src/wire/wire-value.ts';
import { findFreePorts } from '../cluster/control-plane/free-port.ts';
import { makeLoopbackCertificate } from '../mariadb/certificates.ts';
import { type ConfineCall, confineCalls } from '../mariadb/confined-program.ts';
import { PACKAGED_MARIADB, rootFileSystem } from '../mariadb/root-file-system.ts';
import { DatabaseServer } from '../router/database-server.ts';
import { WireClient, type WireResult } from '../router/wire-client.ts';

/** Every type of column that travels in a way of its own, and values at its edges. */
const COLUMNS: readonly (readonly [string, readonly string[]])[] = [
  ['TINYINT', ['-128', '127', '0']],
  ['TINYINT UNSIGNED', ['0', '255', '7']],
  ['SMALLINT', ['-32768', '32767', '5']],
  ['MEDIUMINT', ['-8388608', '8388607', '1']],
  ['INT', ['-2147483648', '2147483647', '42']],
  ['INT UNSIGNED', ['0', '4294967295', '42']],
  ['INT ZEROFILL', ['7', '0', '4294967295']],
  ['BIGINT', ['-9223372036854775808', '9223372036854775807', '0']],
  ['BIGINT UNSIGNED', ['0', '18446744073709551615', '9']],
  ['FLOAT', ['0.1', '-1.5e10', '3']],
  ['DOUBLE', ['0.1', '-1.7976931348623157e308', '2e-300']],
  ['DECIMAL(30,10)', ["'12345678901234567890.0123456789'", '-1', '0.5']],
  ['YEAR', ['1901', '2155', '2026']],
  ['DATE', ["'1000-01-01'", "'9999-12-31'", "'2024-02-29'"]],
  ['TIME', ["'-838:59:59'", "'838:59:59'", "'00:00:00'"]],
  ['TIME(6)', ["'-00:00:00.000001'", "'25:00:00.5'", "'12:34:56.789012'"]],
  ['DATETIME', ["'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'", "'2024-02-29 12:30:15'"]],
  ['DATETIME(6)', ["'2024-02-29 12:30:15.000001'", "'2024-02-29 00:00:00'", "'2024-02-29 12:30:15.5'"]],
  ['TIMESTAMP(3)', ["'2024-02-29 12:30:15.125'", "'1971-01-01 00:00:00'", "'2037-12-31 23:59:59.999'"]],
  ['CHAR(10)', ["'ünï'", "''", "'x'"]],
  ['VARCHAR(300)', ["REPEAT('v', 300)", "''", "'x'"]],
  ['LONGTEXT', ["REPEAT('t', 70000)", "''", "'x'"]],
  ['VARBINARY(20)', ["x'00ff00'", "''", "'x'"]],
  ['LONGBLOB', ["REPEAT(x'00', 70000)", "''", "'x'"]],
  ['BIT(20)', ["b'11110000111100001111'", "b'0'", "b'1'"]],
  ["ENUM('a','b')", ["'a'", "'b'", "'a'"]],
  ["SET('a','b')", ["'a,b'", "''", "'a'"]],
  ['JSON', ['\'{"a": [1, null]}\'', "'[]'", "'1'"]],
  ['GEOMETRY', ['POINT(1, 2)', 'POINT(0, 0)', 'POINT(-1, 1)']],
  ['UUID', ["'123e4567-e89b-12d3-a456-426655440000'", 'NULL', 'NULL']],
  ['INET6', ["'::1'", "'2001:db8::1'", 'NULL']],
];

describe.each(PACKAGED_MARIADB)('MariaDB $version', (packaged) => {
  let folder: string;
  let confineCall: ConfineCall;
  let server: DatabaseServer;
  let listener: TrivialListener;
  let client: WireClient;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'router-wire-'));
    confineCall = await confineCalls(await rootFileSystem(packaged), folder);
    const tls = await makeLoopbackCertificate(join(folder, 'tls'));
    const [port = 0] = await findFreePorts(1);
    server = new DatabaseServer({
      pod: 'server',
      shard: 0,
      serverId: 1,
      port,
      folder: join(folder, 'data'),
      tls,
      confineCall,
    });
    await server.initialise();
    await server.start();
    const [key, cert] = await Promise.all([readFile(tls.key), readFile(tls.certificate)]);
    listener = await startTrivialListener({ tls: createSecureContext({ key, cert }), host: '127.0.0.2' });
    client = await WireClient.logIn(server.socket, 'root', { kind: 'none' });
    await client.run('CREATE DATABASE wire');
  });

  afterAll(async () => {
    client.close();
    await listener.close(AbortSignal.abort());
    await server.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  describe('as a server', () => {
    it('takes our proof by every plugin it has', async () => {
      const password = 'geheim und länger als zweiunddreißig Zeichen';
      await client.run(`CREATE USER e IDENTIFIED VIA ed25519 USING PASSWORD('${password}')`);
      await client.run(`CREATE USER n IDENTIFIED VIA mysql_native_password USING PASSWORD('${password}')`);
      await client.run(`CREATE USER b IDENTIFIED VIA mysql_native_password USING '*${'0'.repeat(40)}'
        OR ed25519 USING PASSWORD('${password}')`);
      for (const user of ['e', 'n', 'b']) {
        const other = await WireClient.logIn(server.socket, user, { kind: 'password', password });
        const { rows } = await other.query('SELECT CURRENT_USER()');
        expect(decodeTextRow(rows[0] as Buffer, 1).map(String)).toEqual([`${user}@%`]);
        other.close();
        const wrong = WireClient.logIn(server.socket, user, { kind: 'password', password: 'falsch' });
        await expect(wrong).rejects.toThrow('Access denied');
      }
    });

    it('sends the values that we read, the same as text and as binary, and we write them as it does', async () => {
      const definitions = COLUMNS.map(([type], index) => `c${index} ${type} NULL`).join(', ');
      await client.run(`CREATE TABLE wire.t (id INT PRIMARY KEY, ${definitions}) CHARACTER SET utf8mb4`);
      for (const row of [0, 1, 2]) {
        await client.run(
          `INSERT INTO wire.t VALUES (${[row, ...COLUMNS.map(([, values]) => values[row])].join(', ')})`,
        );
      }
      await client.run('INSERT INTO wire.t (id) VALUES (3)');
      const text = await client.query('SELECT * FROM wire.t ORDER BY id');
      const binary = await client.execute('SELECT * FROM wire.t ORDER BY id', [], []);
      const types = binary.columns.map(valueTypeOf);
      expect(binary.rows).toHaveLength(4);
      for (const [index, row] of binary.rows.entries()) {
        const values = decodeBinaryRow(row, types);
        const fields = decodeTextRow(text.rows[index] as Buffer, types.length);
        const parsed = fields.map((field, column) =>
          field === null ? null : rounded(parseTextValue(types[column] as ValueType, field)),
        );
        expect(values.map(rounded)).toEqual(parsed);
        expect(encodeBinaryRow(values, types).equals(row)).toBe(true);
      }
    });

    it('reads the parameters and the text that we write as the values they are', async () => {
      const { columns, rows } = await client.execute('SELECT * FROM wire.t WHERE id < 3 ORDER BY id', [], []);
      const types = columns.map(valueTypeOf);
      for (const row of rows) {
        const values = decodeBinaryRow(row, types);
        const id = Number(values[0]);
        const asParameters = columns.map(({ name, type }) =>
          // A string is compared with a BIT as a number in decimal text.
          type === COLUMN_TYPE.bit ? `CAST(${name} AS UNSIGNED) <=> CONV(HEX(?), 16, 10)` : `${name} <=> ?`,
        );
        const parameters = await client.execute(
          `SELECT ${asParameters.join(', ')} FROM wire.t WHERE id = ${id}`,
          columns.map((column, index) => parameterType(column, values[index] ?? null)),
          values,
        );
        expect(differing(parameters, columns)).toEqual([]);
        const asText = columns.map(({ name, type }, index) => {
          const value = values[index] ?? null;
          if (value === null || Buffer.isBuffer(value)) return '1';
          const text = formatTextValue({ type, unsigned: false }, value).toString();
          if (typeof value === 'object') return `${name} <=> '${text}'`;
          return type === COLUMN_TYPE.float ? `${name} <=> CAST(${text} AS FLOAT)` : `${name} <=> ${text}`;
        });
        const literals = await client.execute(
          `SELECT ${asText.join(', ')} FROM wire.t WHERE id = ${id}`,
          [],
          [],
        );
        expect(differing(literals, columns)).toEqual([]);
      }
    });
  });

  describe('as a client', () => {
    const mariadb = async (user: string, sql: string, ...options: string[]): Promise<string> => {
      const call = confineCall({
        program: 'mariadb',
        arguments: [
          '--no-defaults',
          '-h127.0.0.2',
          `-P${listener.port}`,
          `-u${user}`,
          '--skip-column-names',
          ...options,
        ],
        environment: { MYSQL_PWD: PASSWORD },
      });
      return runProgram(startProgram, call, AbortSignal.timeout(240_000), sql);
    };
    // Clients from 11.4 on take no certificate that they cannot verify unless told so; older ones do not know the option's value.
    const trusting = packaged.version === '11.8' ? ['--ssl-verify-server-cert=0'] : ['--ssl'];

    it.each(['native', 'ed25519', 'both', 'sha2'])('logs in as %s, with TLS and without', async (user) => {
      expect(await mariadb(user, 'user', ...trusting)).toBe(`${user}\ttrue\n`);
      expect(await mariadb(user, 'user', '--skip-ssl')).toBe(`${user}\tfalse\n`);
    });

    it('trusts our certificate without knowing its authority, since we know the password', async () => {
      expect(await mariadb('native', 'user', '--ssl')).toBe('native\ttrue\n');
      await expect(mariadb('locked', 'user', ...trusting)).rejects.toThrow('account is locked');
    });

    it('sends and gets more than 16 MB, compressed', async () => {
      const text = randomBytes(8.5 * 1024 * 1024).toString('hex');
      const options = ['--max-allowed-packet=64M', '--compress', ...trusting];
      expect((await mariadb('native', `${text};`, ...options)) === `${text}\n`).toBe(true);
    });

    it('sends a file', async () => {
      const path = join(folder, 'load.txt');
      await writeFile(path, randomBytes(300_000));
      const output = await mariadb('native', `load ${path}`, '--local-infile=1', '-vv', ...trusting);
      expect(output).toContain('300000 rows affected');
      await expect(mariadb('native', 'load /nowhere', '--local-infile=1', ...trusting)).rejects.toThrow(
        'not found',
      );
    });
  });
});

/** Text has the digits of a FLOAT that the server sends, which are fewer than tell it from its neighbours. */
function rounded(value: WireValue): WireValue {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value;
}

/** The columns whose comparison, in the only row, did not give 1. */
function differing(comparisons: WireResult, columns: readonly ColumnDefinition[]): string[] {
  const same = decodeBinaryRow(comparisons.rows[0] as Buffer, comparisons.columns.map(valueTypeOf));
  return columns
    .filter((_, index) => Number(same[index]) !== 1)
    .map(({ name, type }) => `${name} of type ${type}`);
}

/** A type that a parameter with a value of this column can have. */
function parameterType(column: ColumnDefinition, value: WireValue): ValueType {
  const type = valueTypeOf(column);
  if (Buffer.isBuffer(value)) {
    return {
      type: column.collation === COLLATION.binary ? COLUMN_TYPE.blob : COLUMN_TYPE.varString,
      unsigned: false,
    };
  }
  if (type.type === COLUMN_TYPE.int24) return { ...type, type: COLUMN_TYPE.long };
  return type.type === COLUMN_TYPE.year ? { ...type, type: COLUMN_TYPE.short } : type;
}
