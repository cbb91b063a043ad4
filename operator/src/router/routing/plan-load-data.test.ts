import { describe, expect, it } from '@jest/globals';
import { edited, route, slot } from './testing/routing-stage.ts';

const time = 'SET STATEMENT timestamp=1800000000.123 FOR ';

function loaded(sql: string, options: Parameters<typeof route>[1] = {}) {
  const decided = route(sql, options);
  if (decided.kind !== 'load') {
    throw new Error(decided.kind === 'refused' ? decided.message : decided.kind);
  }
  return { ...decided, text: edited(sql, decided.edits) };
}

describe('LOAD DATA LOCAL', () => {
  it('goes by the key into a sharded table, with UTF-8 said and no lines to ignore', () => {
    const sql =
      "LOAD DATA LOCAL INFILE 'f' IGNORE INTO TABLE app.items FIELDS TERMINATED BY ';' ENCLOSED BY '\"' ESCAPED BY '' LINES STARTING BY '>' TERMINATED BY '\\r\\n' IGNORE 2 LINES (order_id, user_id, @b, id)";
    const { load, text } = loaded(sql);
    expect(text).toBe(
      `${time}LOAD DATA LOCAL INFILE 'f' IGNORE INTO TABLE \`items\` CHARACTER SET utf8mb4 FIELDS TERMINATED BY ';' ENCLOSED BY '"' ESCAPED BY '' LINES STARTING BY '>' TERMINATED BY '\\r\\n' IGNORE 0 LINES (order_id, user_id, @b, id)`,
    );
    expect(load).toMatchObject({
      target: { kind: 'slots', field: 1, only: null, key: { column: 'user_id' } },
      fields: 4,
      variables: ['b'],
      charset: 'utf8mb4',
      format: {
        fieldTerminator: Buffer.from(';'),
        enclosure: 0x22,
        escape: null,
        linePrefix: Buffer.from('>'),
        lineTerminator: Buffer.from('\r\n'),
        skippedLines: 2,
      },
    });
  });

  it('puts generated ids in front of each row', () => {
    const { load, text } = loaded(
      "LOAD DATA LOCAL INFILE 'f' INTO TABLE orders CHARACTER SET latin1 (user_id, total)",
    );
    expect(load.ids).toEqual({ kind: 'generated', isKey: false });
    expect(text).toBe(
      `${time}LOAD DATA LOCAL INFILE 'f' INTO TABLE orders CHARACTER SET latin1 (\`id\`, user_id, total)`,
    );
    expect(loaded("LOAD DATA LOCAL INFILE 'f' INTO TABLE users (email)").load.ids).toEqual({
      kind: 'generated',
      isKey: true,
    });
  });

  it('asks for the ids where their column is in the file', () => {
    const sql = "LOAD DATA LOCAL INFILE 'f' INTO TABLE users";
    expect(loaded(sql).load).toMatchObject({
      fields: 3,
      ids: { kind: 'inFile', field: 0, allowsZero: false },
      target: { field: 0 },
      format: { escape: 0x5c, enclosure: null },
    });
    expect(loaded(sql, { session: { keepsZeroIds: true } }).load.ids).toMatchObject({ allowsZero: true });
  });

  it('stays in the slot of shardwright_key', () => {
    const key = { kind: 'number', text: '5' } as const;
    const { load } = loaded("LOAD DATA LOCAL INFILE 'f' INTO TABLE users", { session: { key } });
    expect(load.target).toMatchObject({ only: slot(5) });
  });

  it('goes to all copies of a reference table, and as it is into unsharded ones', () => {
    expect(loaded("LOAD DATA LOCAL INFILE 'f' INTO TABLE countries").load.target).toEqual({ kind: 'copies' });
    expect(route("LOAD DATA LOCAL INFILE 'f' INTO TABLE settings")).toMatchObject({
      kind: 'single',
      place: { kind: 'unsharded' },
    });
  });

  it('calculates other columns by SET', () => {
    const { text } = loaded(
      "LOAD DATA LOCAL INFILE 'f' INTO TABLE items (user_id, order_id, @p) SET price = @p + 1",
    );
    expect(text).toContain('SET price = @p + 1');
  });

  it.each([
    ["LOAD DATA LOCAL INFILE 'f' INTO TABLE items (order_id)", /gives no value to items.user_id/],
    [
      "LOAD DATA LOCAL INFILE 'f' INTO TABLE items (order_id, user_id) SET user_id = 5",
      /calculates items.user_id/,
    ],
    [
      "LOAD DATA LOCAL INFILE 'f' INTO TABLE items (order_id, user_id) SET price = (SELECT 1)",
      /A query in the SET/,
    ],
    ["LOAD DATA LOCAL INFILE 'f' INTO TABLE items CHARACTER SET gbk", /character set gbk/],
    ["LOAD DATA LOCAL INFILE 'f' INTO TABLE items FIELDS TERMINATED BY ''", /without separators/],
    [
      "LOAD DATA LOCAL INFILE 'f' INTO TABLE items FIELDS TERMINATED BY 'x' LINES TERMINATED BY 'x'",
      /end alike/,
    ],
    ["LOAD DATA LOCAL INFILE 'f' INTO TABLE items FIELDS ENCLOSED BY 'ab'", /several characters/],
    ["LOAD DATA LOCAL INFILE 'f' INTO TABLE items FIELDS TERMINATED BY 'ä'", /not ASCII/],
    ["LOAD XML LOCAL INFILE 'f' INTO TABLE items", /LOAD XML/],
    ["LOAD DATA INFILE 'f' INTO TABLE items", /without LOCAL/],
    [
      "LOAD DATA LOCAL INFILE 'f' INTO TABLE countries (code, @x) SET name = UUID()",
      /UUID\(\) may give something else/,
    ],
    ["LOAD DATA LOCAL INFILE 'f' INTO TABLE tiny (user_id)", /Generated ids have 63 bits/],
  ])('is refused: %s', (sql, message) => {
    const decided = route(sql);
    expect(decided.kind === 'refused' ? decided.message : decided.kind).toMatch(message);
  });
});
