import { describe, expect, it } from '@jest/globals';
import { parse, parseAs } from './testing/parse.ts';

/** Tables of a statement: `!` those written to. */
function tables(text: string): string {
  return parse(text)
    .shape.tables.map(({ schema, name, access }) => {
      return `${access === 'write' ? '!' : ''}${schema === null ? '' : `${schema}.`}${name}`;
    })
    .join(' ');
}

describe('INSERT and REPLACE', () => {
  it('have columns, rows and what happens to duplicates', () => {
    const { statement, shape } = parseAs(
      'insert',
      "INSERT IGNORE INTO app.t (A, t.b) VALUES (1, 'x'), (-2, DEFAULT), (NULL, (SELECT 1 FROM u)) ON DUPLICATE KEY UPDATE b = VALUES(b), t.c = (VALUES(c) + 1) RETURNING id",
    );
    expect(shape).toMatchObject({
      verb: 'INSERT',
      ignore: true,
      table: 0,
      columns: ['a', 'b'],
      source: {
        kind: 'values',
        rows: [
          {
            values: [
              { kind: 'literal', literal: 0 },
              { kind: 'literal', literal: 1 },
            ],
          },
          { values: [{ kind: 'literal', literal: 2, negative: true }, { kind: 'default' }] },
          { values: [{ kind: 'null' }, { kind: 'subquery' }] },
        ],
      },
      onDuplicate: [
        { table: null, column: 'b', value: { kind: 'call', name: 'VALUES' } },
        { table: 't', column: 'c', value: { operator: '+' } },
      ],
      returning: [{ expression: { column: { name: 'id' } } }],
    });
    expect(tables(statement.sql.toString())).toBe('!app.t u');
  });

  it.each([
    ['INSERT INTO t VALUES (1)', null, 'values'],
    ['INSERT t () VALUES ()', [], 'values'],
    ['REPLACE t VALUE (1), (2)', null, 'values'],
    ['INSERT INTO t SET a = 1, b = 2', null, 'set'],
    ['INSERT INTO t (a) SELECT b FROM u', ['a'], 'query'],
    ['INSERT INTO t (SELECT b FROM u)', null, 'query'],
    ['INSERT INTO t (a) (SELECT b FROM u) ON DUPLICATE KEY UPDATE a = 1', ['a'], 'query'],
    ['INSERT INTO t SELECT * FROM a JOIN b ON DUPLICATE KEY UPDATE x = 1', null, 'query'],
    ['INSERT INTO t WITH c AS (SELECT 1) SELECT * FROM c', null, 'query'],
  ])('reads %s', (text, columns, kind) => {
    expect(parseAs('insert', text).shape).toMatchObject({ columns, source: { kind } });
  });

  it('of INSERT … SET are the columns in the order of the values', () => {
    expect(parseAs('insert', 'INSERT INTO t SET B = 1, a = ?').shape.source).toMatchObject({
      columns: ['b', 'a'],
      row: { values: [{ literal: 0 }, { literal: 1 }] },
    });
  });
});

describe('UPDATE and DELETE', () => {
  it.each([
    ['UPDATE t SET a = 1', '!t'],
    ['UPDATE a JOIN b ON a.k = b.k SET a.x = b.y', '!a b'],
    ['UPDATE a AS x, b SET x.c = 1, b.d = 2', '!a !b'],
    ['UPDATE a, b SET c = 1', '!a !b'],
    ['UPDATE a JOIN (SELECT * FROM c) d ON a.k = d.k SET a.x = 1', '!a c'],
    ['UPDATE t SET a = (SELECT b FROM u)', '!t u'],
    ['DELETE FROM app.t WHERE k = 1', '!app.t'],
    ['DELETE a FROM a JOIN b ON a.k = b.k', '!a b'],
    ['DELETE x.*, b FROM app.a AS x JOIN b JOIN c', '!app.a !b c'],
    ['DELETE FROM a USING a JOIN b ON a.k = b.k', '!a b'],
    ['DELETE FROM a WHERE k IN (SELECT k FROM b)', '!a b'],
  ])('%s writes to %s', (text, expected) => {
    expect(tables(text)).toBe(expected);
  });

  it('have conditions, order and limit', () => {
    expect(
      parseAs('update', 'UPDATE IGNORE t SET a = a + 1 WHERE k = 5 ORDER BY b DESC LIMIT 3').shape,
    ).toMatchObject({
      ignore: true,
      assignments: [{ column: 'a', value: { operator: '+' } }],
      scopes: [{ kind: 'update', conjuncts: [{ kind: 'equal' }] }],
      orderBy: [{ descending: true }],
      limit: { count: { literal: 2 } },
    });
    expect(parseAs('delete', 'DELETE FROM t WHERE k = 5 LIMIT 1 RETURNING a').shape).toMatchObject({
      targets: [],
      scopes: [{ kind: 'delete', conjuncts: [{ kind: 'equal' }] }],
      limit: { count: { literal: 1 } },
      returning: [{ alias: null }],
    });
  });

  it('list qualifiers of what they delete from', () => {
    const { statement, shape } = parseAs('delete', 'DELETE app.a FROM app.a JOIN app.b');
    expect(shape.targets).toEqual([{ schema: 'app', name: 'a' }]);
    expect(shape.qualifiers.map((qualifier) => statement.textOf(qualifier.tokens))).toEqual([
      'app.',
      'app.',
      'app.',
    ]);
  });

  it('refuse tables that are not among those joined', () => {
    expect(parse('DELETE z FROM a JOIN b').shape.kind).toBe('unknown');
    expect(parse('UPDATE a, b SET z.c = 1').shape.kind).toBe('unknown');
  });
});

describe('definitions', () => {
  it.each([
    [
      'CREATE TABLE IF NOT EXISTS app.t (a INT)',
      { object: 'table', conditional: true, columns: ['a'] },
      '!app.t',
    ],
    ['CREATE TEMPORARY TABLE t LIKE app.u', { temporary: true, like: 1 }, '!t app.u'],
    ['CREATE TABLE t (LIKE u)', { like: 1 }, '!t u'],
    ['CREATE OR REPLACE TABLE t SELECT * FROM u', { orReplace: true, query: 0 }, '!t u'],
    ['CREATE TABLE t (a INT) ENGINE=InnoDB AS (SELECT * FROM u)', { query: 0, columns: ['a'] }, '!t u'],
    ['CREATE TABLE t (a INT) WITH SYSTEM VERSIONING', { query: null }, '!t'],
    [
      'CREATE TABLE t (`Id` INT PRIMARY KEY, p DECIMAL(10,2) DEFAULT (1 + 2), KEY (p), UNIQUE u (id), FOREIGN KEY (p) REFERENCES app.q (id), CONSTRAINT c CHECK (p > 0), CHECK (id IN (1, 2)))',
      { columns: ['id', 'p'], references: [1] },
      '!t app.q',
    ],
    [
      'ALTER TABLE t ADD COLUMN a INT, RENAME TO app.u',
      { verb: 'ALTER', renames: [{ from: 0, to: 1 }] },
      '!t !app.u',
    ],
    ['ALTER TABLE t RENAME COLUMN a TO b, RENAME INDEX i TO j', { renames: [] }, '!t'],
    ['ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (b)', { references: [1] }, '!t u'],
    ['ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u', {}, '!t !u'],
    ['DROP TABLE IF EXISTS a, app.b', { verb: 'DROP', conditional: true }, '!a !app.b'],
    ['TRUNCATE t', { verb: 'TRUNCATE' }, '!t'],
    [
      'RENAME TABLE a TO b, c TO d',
      {
        verb: 'RENAME',
        renames: [
          { from: 0, to: 1 },
          { from: 2, to: 3 },
        ],
      },
      '!a !b !c !d',
    ],
    ['CREATE UNIQUE INDEX i ON app.t (a)', { object: 'index', name: { name: 'i' } }, '!app.t'],
    ['DROP INDEX i ON t', { verb: 'DROP', object: 'index' }, '!t'],
    ['CREATE DATABASE x CHARACTER SET utf8mb4', { object: 'database', name: { name: 'x' } }, ''],
    ['CREATE SEQUENCE s START WITH 5', { object: 'sequence' }, '!s'],
    ['CREATE VIEW v (a) AS SELECT b FROM t WITH CHECK OPTION', { object: 'view', query: 0 }, '!v t'],
    ['DROP VIEW v', { object: 'view' }, '!v'],
    [
      'CREATE PROCEDURE app.p() BEGIN SELECT 1; END',
      { object: 'procedure', program: true, name: { schema: 'app', name: 'p' } },
      '',
    ],
    [
      'CREATE TRIGGER r AFTER DELETE ON t FOR EACH ROW SET @a = 1',
      { object: 'trigger', program: true },
      '!t',
    ],
    ['DROP FUNCTION f', { object: 'function', program: false }, ''],
  ])('reads %s', (text, expected, mentioned) => {
    expect(parseAs('definition', text).shape).toMatchObject(expected);
    expect(tables(text)).toBe(mentioned);
  });

  it.each([
    'CREATE TABLE t (a INT DEFAULT NEXTVAL(s))',
    'CREATE TABLE t (a INT DEFAULT (NEXT VALUE FOR s))',
    'CREATE TABLE t (a INT) UNION = (b, c)',
    'CREATE TABLE t (a INT CHECK (t.a > 0))',
    'ALTER TABLE t CONVERT PARTITION p TO TABLE u',
    'ALTER TABLE t ADD COLUMN a INT DEFAULT (SELECT 1 FROM u)',
  ])('does not guess what %s mentions', (text) => {
    expect(parse(text).shape.kind).toBe('unknown');
  });
});

describe('sessions', () => {
  it.each([
    ['BEGIN', { kind: 'begin', access: null }],
    [
      'START TRANSACTION READ ONLY, WITH CONSISTENT SNAPSHOT',
      { kind: 'begin', access: 'read', consistentSnapshot: true },
    ],
    ['COMMIT AND NO CHAIN RELEASE', { kind: 'commit', chain: false, release: true }],
    ['ROLLBACK WORK', { kind: 'rollback', chain: null, release: null }],
    ['ROLLBACK TO SAVEPOINT a', { kind: 'rollbackTo', name: 'a' }],
    ['ROLLBACK TO savepoint', { kind: 'rollbackTo', name: 'savepoint' }],
    ['SAVEPOINT `A b`', { kind: 'savepoint', name: 'A b' }],
    ['RELEASE SAVEPOINT a', { kind: 'releaseSavepoint', name: 'a' }],
    ['USE `my app`', { kind: 'use', schema: 'my app' }],
    [
      'SET NAMES utf8mb4 COLLATE utf8mb4_bin',
      { kind: 'setNames', charset: 'utf8mb4', collation: 'utf8mb4_bin' },
    ],
    ["SET NAMES 'latin1'", { kind: 'setNames', charset: null, charsetLiteral: 0 }],
    [
      'SET CHARACTER SET DEFAULT',
      { kind: 'setNames', form: 'characterSet', charset: null, charsetLiteral: null },
    ],
    [
      'SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY',
      { kind: 'setTransaction', scope: 'global', isolation: 'READ COMMITTED', access: 'read' },
    ],
    [
      'SET TRANSACTION READ WRITE',
      { kind: 'setTransaction', scope: 'next', isolation: null, access: 'write' },
    ],
    ['SET ROLE NONE', { kind: 'setRole', role: null }],
    [
      'CALL app.p(1, @x)',
      { kind: 'call', schema: 'app', name: 'p', arguments: [{ literal: 0 }, { name: 'x' }] },
    ],
    ['KILL QUERY 5', { kind: 'kill', what: 'query', hard: true, id: { literal: 0 } }],
    ['KILL SOFT CONNECTION 5', { kind: 'kill', what: 'connection', hard: false }],
    ["KILL USER 'x'@'%'", { kind: 'kill', what: 'user', id: null }],
    ["PREPARE s FROM 'SELECT 1'", { kind: 'prepare', name: 's', text: { kind: 'literal' } }],
    ['EXECUTE s USING @a, @b', { kind: 'execute', name: 's', arguments: [{ name: 'a' }, { name: 'b' }] }],
    ['EXECUTE IMMEDIATE @a', { kind: 'executeImmediate', text: { name: 'a' } }],
    ['DROP PREPARE s', { kind: 'deallocate', name: 's' }],
    [
      'LOCK TABLES a READ LOCAL, b AS c WRITE',
      {
        kind: 'lockTables',
        locks: [
          { table: 0, mode: 'read' },
          { table: 1, mode: 'write' },
        ],
      },
    ],
    ['UNLOCK TABLES', { kind: 'unlockTables' }],
    [
      'SHOW FULL TABLES FROM app LIKE "a%"',
      { kind: 'show', what: 'TABLES', full: true, schema: 'app', like: 0 },
    ],
    [
      'SHOW GLOBAL VARIABLES WHERE a = 1',
      { kind: 'show', what: 'VARIABLES', scope: 'global', where: { operator: '=' } },
    ],
    ['SHOW CREATE TABLE t', { kind: 'show', what: 'CREATE TABLE', tables: [{ name: 't' }] }],
    ['SHOW CREATE DATABASE app', { kind: 'show', what: 'CREATE DATABASE', schema: 'app' }],
    ['SHOW KEYS IN t IN app', { kind: 'show', what: 'INDEX', tables: [{ schema: 'app', name: 't' }] }],
    ['SHOW FIELDS FROM app.t', { kind: 'show', what: 'COLUMNS', tables: [{ schema: 'app', name: 't' }] }],
    ['SHOW COUNT(*) ERRORS', { kind: 'show', what: 'COUNT ERRORS' }],
    ['SHOW PLUGINS SONAME', { kind: 'show', what: 'PLUGINS SONAME' }],
    ['DESC t', { kind: 'describe', column: null, tables: [{ name: 't' }] }],
    ["EXPLAIN app.t 'a%'", { kind: 'describe', like: 0 }],
    ['EXPLAIN FORMAT=JSON SELECT 1', { kind: 'explain', form: 'explain', statement: { kind: 'select' } }],
    ['ANALYZE UPDATE t SET a = 1', { kind: 'explain', form: 'analyze', statement: { kind: 'update' } }],
    [
      'EXPLAIN SHARDWRIGHT DELETE FROM t',
      { kind: 'explain', form: 'shardwright', statement: { kind: 'delete' } },
    ],
    ['EXPLAIN shardwright', { kind: 'describe', tables: [{ name: 'shardwright' }] }],
    ['SHOW EXPLAIN FOR 5', { kind: 'explainConnection' }],
    ['ANALYZE TABLE a, b', { kind: 'maintenance', verb: 'ANALYZE', tables: [{ name: 'a' }, { name: 'b' }] }],
    [
      'GRANT SELECT (a), INSERT ON app.* TO x',
      { kind: 'userManagement', what: 'GRANT', on: { object: 'table', schema: 'app', name: null } },
    ],
    ['REVOKE EXECUTE ON PROCEDURE p FROM x', { on: { object: 'procedure', schema: null, name: 'p' } }],
    ['GRANT ALL ON *.* TO x', { on: { unqualified: false, schema: null, name: null } }],
    ['GRANT ALL ON * TO x', { on: { unqualified: true, schema: null, name: null } }],
    ['GRANT a TO b', { kind: 'userManagement', what: 'GRANT', on: null }],
    ["ALTER USER x IDENTIFIED BY 'y'", { kind: 'userManagement', what: 'ALTER USER' }],
    ["SET PASSWORD FOR x = PASSWORD('y')", { kind: 'userManagement', what: 'SET PASSWORD' }],
    ['FLUSH TABLES', { kind: 'administration', what: 'FLUSH TABLES' }],
    ['START SLAVE', { kind: 'administration', what: 'START SLAVE' }],
    ["XA START 'x'", { kind: 'xa' }],
    ['', { kind: 'empty' }],
    [' -- only this', { kind: 'empty' }],
    [
      "LOAD DATA LOCAL INFILE 'f' REPLACE INTO TABLE app.t FIELDS TERMINATED BY ',' IGNORE 1 LINES (a, @b)",
      { kind: 'loadData', local: true, duplicates: 'replace', table: 0, columns: ['a', '@b'] },
    ],
  ])('reads %s', (text, expected) => {
    expect(parse(text).shape).toMatchObject(expected);
  });

  it('reads assignments of all sorts', () => {
    expect(
      parseAs(
        'set',
        "SET autocommit = ON, h = BINARY 'y', @A := 1, GLOBAL b = DEFAULT, @@session.c = 'x', @@d = TRADITIONAL, LOCAL e.f = 2, @@global.g = (SELECT 1)",
      ).shape.assignments,
    ).toMatchObject([
      { scope: 'session', name: 'autocommit', value: { column: { name: 'on' } } },
      { scope: 'session', name: 'h', value: { operator: 'BINARY' } },
      { scope: 'user', name: 'a', value: { literal: 1 } },
      { scope: 'global', name: 'b', value: { kind: 'default' } },
      { scope: 'session', name: 'c', value: { literal: 2 } },
      { scope: 'session', name: 'd', value: { column: { name: 'traditional' } } },
      { scope: 'session', name: 'e.f', value: { literal: 3 } },
      { scope: 'global', name: 'g', value: { kind: 'subquery' } },
    ]);
  });

  it('takes NAMES among assignments for those it consists of', () => {
    const { statement, shape } = parseAs(
      'set',
      "SET time_zone = 'UTC', NAMES utf8mb4 COLLATE 'utf8mb4_bin', a = 1",
    );
    expect(shape.assignments.map(({ name, value }) => `${name} = ${statement.textOf(value.tokens)}`)).toEqual(
      [
        "time_zone = 'UTC'",
        'character_set_client = utf8mb4',
        'character_set_results = utf8mb4',
        'character_set_connection = utf8mb4',
        "collation_connection = 'utf8mb4_bin'",
        'a = 1',
      ],
    );
    expect(parse('SET NAMES binary, a = 1').shape).toMatchObject({ kind: 'set', assignments: { length: 4 } });
  });

  it('keeps the settings of SET STATEMENT with the statement', () => {
    expect(parseAs('select', "SET STATEMENT a = 1, b = 'x' FOR SELECT 2").shape.settings).toMatchObject([
      { name: 'a', value: { literal: 0 } },
      { name: 'b', value: { literal: 1 } },
    ]);
  });
});

describe('what is not understood', () => {
  it.each([
    ['SELECT', 'an expression expected at the end'],
    ['SELECT 1 2 3 FROM', 'a name expected at the end'],
    ['SELECT a b c', 'the end of the statement expected at "C" (word 4)'],
    ['FROBNICATE x', 'a statement that is not known at "FROBNICATE" (word 1)'],
    ["SELECT 'secret", 'a string that does not end'],
    ['SELECT * FROM {oj t}', 'a name expected at "{" (word 4)'],
    ['SELECT * FROM t PROCEDURE ANALYSE()', 'the end of the statement expected at "PROCEDURE" (word 5)'],
    ['BEGIN NOT ATOMIC DELETE FROM t; END', 'the end of the statement expected at "NOT" (word 2)'],
    ['IF 1 THEN DELETE FROM t; END IF', 'a statement that is not known at "IF" (word 1)'],
    ['SELECT CAST(a AS SELECT) FROM t', 'a type expected at "SELECT" (word 6)'],
    ['DELETE HISTORY FROM t', 'DELETE HISTORY is not read at "HISTORY" (word 2)'],
  ])('%s: %s', (text, reason) => {
    expect(parse(text).shape).toMatchObject({ kind: 'unknown', reason });
  });
});
