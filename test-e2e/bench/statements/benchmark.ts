import type { Dialect } from '../../../operator/src/router/sql/dialect.ts';
import { DEFAULT_PARSER_LIMITS, StatementParser } from '../../../operator/src/router/sql/statement-parser.ts';
import type { Benchmark } from '../benchmark.ts';
import { lookUpsPerSecond } from '../lookup/rate.ts';
import { createRouting } from './routing.ts';

const VALUES = 1024;
const ROWS = 100;
const DIALECT: Dialect = {
  charset: 'utf8mb4',
  ansiQuotes: false,
  noBackslashEscapes: false,
  pipesAsConcat: false,
  highNotPrecedence: false,
  serverVersion: 101_119,
};
const FILLER =
  '68487932199-96439406143-93774651418-41631865787-96406072701-20604855487-25459966574-28203206787-41238978918-19503783441';

/** Statements that differ by a number in them alone. */
const STATEMENTS: Readonly<Record<string, (number: number) => string>> = {
  pointSelect: (number) => `SELECT c FROM sbtest1 WHERE id=${number}`,
  ormSelect: (number) =>
    `SELECT \`u\`.\`id\`, \`u\`.\`name\`, \`u\`.\`email\` FROM \`app\`.\`users\` AS \`u\` LEFT JOIN \`app\`.\`teams\` AS \`t\` ON \`t\`.\`tenant\` = \`u\`.\`tenant\` WHERE \`u\`.\`tenant\` = ${number} AND \`t\`.\`deleted_at\` IS NULL ORDER BY \`u\`.\`name\` LIMIT 50`,
  insert: (number) =>
    `INSERT INTO sbtest1 (id, k, c, pad) VALUES (${number}, 4711, '${FILLER}', '${FILLER}')`,
  bulkInsert: (number) =>
    `INSERT INTO sbtest1 (id, k, c) VALUES ${Array.from({ length: ROWS }, (_, row) => `(${number + row}, 4711, 'abcdef')`).join(', ')}`,
};

/** What a decision may take where the digest is known. */
const DECISION_NANOSECONDS = 3000;

/** From the bytes of a statement to its shape and the text of its first constant, and to its route. */
export const statementsBenchmark: Benchmark = {
  name: 'statements',
  title: 'Reading a statement',
  method: [
    `From the bytes of a statement to what routing must know of it, and its first constant: ${VALUES} statements that differ by a number, round and round. *Known*: another one with the same digest was read before. *New*: none was, and the grammar reads it. *Routed*: known, and the server and database are decided as well, in a keyspace of 256 slots.`,
    'A point select of sysbench, a select as an object mapper writes it with a join, an insert with two strings of 119 characters, and an insert of 100 rows. Each runs for half a second before it is measured for one; which comes first goes round from run to run.',
  ],
  series: [
    { name: 'pointSelect', label: 'point select, known', unit: 'ns' },
    { name: 'ormSelect', label: 'select with a join, known', unit: 'ns' },
    { name: 'insert', label: 'insert, known', unit: 'ns' },
    { name: 'bulkInsert', label: 'insert of 100 rows, known', unit: 'ns' },
    {
      name: 'pointSelectRouted',
      label: 'point select, routed',
      unit: 'ns',
      atMost: DECISION_NANOSECONDS,
    },
    {
      name: 'ormSelectRouted',
      label: 'select with a join, routed',
      unit: 'ns',
      atMost: DECISION_NANOSECONDS,
    },
    { name: 'insertRouted', label: 'insert, routed', unit: 'ns', atMost: DECISION_NANOSECONDS },
    { name: 'bulkInsertRouted', label: 'insert of 100 rows, routed', unit: 'ns' },
    { name: 'pointSelectNew', label: 'point select, new', unit: 'ns' },
    { name: 'ormSelectNew', label: 'select with a join, new', unit: 'ns' },
    { name: 'insertNew', label: 'insert, new', unit: 'ns' },
    { name: 'bulkInsertNew', label: 'insert of 100 rows, new', unit: 'ns' },
  ],
  comparisons: [
    { label: 'point select, new against known', of: 'pointSelectNew', against: 'pointSelect' },
    { label: 'select with a join, new against known', of: 'ormSelectNew', against: 'ormSelect' },
  ],
  runs: 7,
  open() {
    const readings = Object.entries(STATEMENTS).flatMap(([name, write]) => {
      const texts = Array.from({ length: VALUES }, (_, index) => Buffer.from(write(10_007 + index * 37)));
      return [
        { name, read: readingOf(texts, DEFAULT_PARSER_LIMITS) },
        {
          name: `${name}New`,
          read: readingOf(texts, { ...DEFAULT_PARSER_LIMITS, cache: { entries: 0, keyBytes: 65_536 } }),
        },
        { name: `${name}Routed`, read: routingOf(texts) },
      ];
    });
    return Promise.resolve({
      versions: {},
      settle: () => Promise.resolve(),
      measure(index) {
        const turn = index % readings.length;
        return Promise.resolve(
          Object.fromEntries(
            [...readings.slice(turn), ...readings.slice(0, turn)].map(({ name, read }) => [
              name,
              Math.round(1e9 / lookUpsPerSecond(read, VALUES)),
            ]),
          ),
        );
      },
      close: () => Promise.resolve(),
    });
  },
};

function readingOf(
  texts: readonly Buffer[],
  limits: typeof DEFAULT_PARSER_LIMITS,
): (index: number) => unknown {
  const parser = new StatementParser<never>(limits);
  return (index) => {
    const statement = parser.parse(texts[index] ?? Buffer.alloc(0), DIALECT);
    return statement.shape.kind === 'unknown' ? undefined : statement.literal(0);
  };
}

function routingOf(texts: readonly Buffer[]): (index: number) => unknown {
  const routeOf = createRouting(DIALECT);
  return (index) => routeOf(texts[index] ?? Buffer.alloc(0));
}
