import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Dialect } from '../../operator/src/router/sql/dialect.ts';
import { reservedWords } from '../../operator/src/router/sql/reserved-words.ts';
import { sendableText } from '../../operator/src/router/sql/rewrite.ts';
import { DEFAULT_PARSER_LIMITS, StatementParser } from '../../operator/src/router/sql/statement-parser.ts';
import { type KeyServer, startKeyServer } from '../keyspace/key-server.ts';
import { PACKAGED_MARIADB } from '../mariadb/root-file-system.ts';
import { quotedText, selectText } from '../router/statement-texts.ts';

const SEED = 20_261_123;
const TEXTS = 1_500;
/** ER_WRONG_ARGUMENTS: EXECUTE with another number of values than the statement has parameters. */
const WRONG_ARGUMENTS = 1210;
/** ER_PARSE_ERROR */
const SYNTAX_ERROR = 1064;

/** Reserved words that are values or tables themselves; as names they are refused like the others. */
const VALUES: ReadonlySet<string> = new Set(['DUAL', 'FALSE', 'NULL', 'TRUE']);

const MODES: readonly (Pick<Dialect, 'ansiQuotes' | 'noBackslashEscapes'> & { readonly mode: string })[] = [
  { mode: '', ansiQuotes: false, noBackslashEscapes: false },
  { mode: 'ANSI_QUOTES', ansiQuotes: true, noBackslashEscapes: false },
  { mode: 'NO_BACKSLASH_ESCAPES', ansiQuotes: false, noBackslashEscapes: true },
];

describe.each(PACKAGED_MARIADB)('statements as MariaDB $version reads them', (packaged) => {
  let keys: KeyServer | undefined;
  let connection: Connection;
  let serverVersion: number;
  const parser = new StatementParser<never>(DEFAULT_PARSER_LIMITS);

  beforeAll(async () => {
    keys = await startKeyServer(packaged);
    await keys.server.query('CREATE DATABASE k; CREATE TABLE k.t (a INT)');
    connection = await keys.server.connect('k');
    const [rows] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
    const [major = 0, minor = 0, patch = 0] = String(rows[0]?.['version']).match(/\d+/g)?.map(Number) ?? [];
    serverVersion = major * 10_000 + minor * 100 + patch;
  });

  afterAll(async () => {
    connection?.destroy();
    await keys?.dispose();
  });

  async function errorOf(sql: string): Promise<number> {
    try {
      await connection.query(sql);
      return 0;
    } catch (error) {
      return (error as { readonly errno?: number }).errno ?? -1;
    }
  }

  function dialectOf(mode: (typeof MODES)[number]): Dialect {
    const { ansiQuotes, noBackslashEscapes } = mode;
    return {
      charset: 'utf8mb4',
      ansiQuotes,
      noBackslashEscapes,
      pipesAsConcat: false,
      highNotPrecedence: false,
      serverVersion,
    };
  }

  it.each(MODES)('have as many parameters as we count, sql_mode "$mode"', async (mode) => {
    await connection.query(`SET sql_mode = '${mode.mode}'`);
    const wrong: string[] = [];
    let compared = 0;
    for (const text of fc.sample(selectText, { numRuns: TEXTS, seed: SEED })) {
      const statement = parser.parse(Buffer.from(text), dialectOf(mode));
      const values = Array.from({ length: statement.parameters }, () => '1').join(', ');
      const source = `CONVERT(x'${Buffer.from(text).toString('hex')}' USING utf8mb4)`;
      const error = await errorOf(`EXECUTE IMMEDIATE ${source}${values === '' ? '' : ` USING ${values}`}`);
      const understood =
        statement.shape.kind !== 'unknown' &&
        (statement.next === null ||
          parser.parse(Buffer.from(text), dialectOf(mode), statement.next).shape.kind === 'empty');
      if (error === WRONG_ARGUMENTS || (error === 0 && !understood)) wrong.push(text);
      if (error === 0) compared++;
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(TEXTS / 4);
  });

  it.each(MODES)('have the strings that we read, sql_mode "$mode"', async (mode) => {
    await connection.query(`SET sql_mode = '${mode.mode}'`);
    const wrong: string[] = [];
    let compared = 0;
    for (const text of fc.sample(quotedText, { numRuns: TEXTS, seed: SEED })) {
      const statement = parser.parse(Buffer.from(`SELECT ${text}`), dialectOf(mode));
      if (statement.literalCount !== 1 || statement.textOf({ first: 1, end: 2 }) !== text) continue;
      const literal = statement.literal(0);
      const [rows] = await connection.query<RowDataPacket[]>(`SELECT HEX(${text}) AS value`);
      const ours = literal.kind === 'string' ? literal.bytes.toString('hex').toUpperCase() : literal.kind;
      if (rows[0]?.['value'] !== ours) wrong.push(text);
      compared++;
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(TEXTS / 8);
  });

  it('have no second statement behind a stored program', async () => {
    await connection.query('SET sql_mode = DEFAULT');
    const send = (text: string): Promise<number> =>
      errorOf(
        sendableText(
          parser.parse(Buffer.from(text), dialectOf(MODES[0] as (typeof MODES)[number])),
          [],
        ).toString(),
      );
    await connection.query('INSERT INTO t VALUES (1)');
    expect(await send("CREATE PROCEDURE p() BEGIN SELECT ';é'; SELECT 2; END")).toBe(0);
    expect(
      await send('CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.a = 1; SET @b = 2; END'),
    ).toBe(0);
    expect(await send('CREATE PROCEDURE q() SELECT 1; DELETE FROM t')).toBe(SYNTAX_ERROR);
    expect(await send('CREATE PROCEDURE q() BEGIN SELECT 1; END; DELETE FROM t')).toBe(SYNTAX_ERROR);
    const [rows] = await connection.query<RowDataPacket[]>('SELECT COUNT(*) AS number FROM t');
    expect(rows[0]?.['number']).toBe(1);
  });

  it('reserve the words that we make upper case', async () => {
    const accepted: string[] = [];
    for (const word of reservedWords) {
      const uses = [
        `SELECT 1 FROM t AS ${word}`,
        `SELECT a AS b, 1 FROM t ${word} WHERE 1`,
        `SELECT a ${word} FROM t`,
      ];
      if (!VALUES.has(word)) uses.push(`SELECT 1 FROM ${word}`);
      for (const use of uses) {
        if ((await errorOf(use)) !== SYNTAX_ERROR) accepted.push(use);
      }
    }
    expect(accepted).toEqual([]);
  });
});
