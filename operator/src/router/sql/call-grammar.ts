import type { Expression } from './expression.ts';
import { LEVEL } from './operators.ts';
import { readLimit, readOrderBy } from './order-grammar.ts';
import type { OrderItem } from './query-shape.ts';
import type { Reader } from './reader.ts';
import { readSequence } from './table-name-grammar.ts';
import { readCharsetName, readIntervalUnit, readType } from './type-grammar.ts';
import { readOver } from './window-grammar.ts';

/** Functions over many rows. Source: MariaDB documentation, "Aggregate Functions". */
const aggregates: ReadonlySet<string> = new Set([
  'AVG',
  'BIT_AND',
  'BIT_OR',
  'BIT_XOR',
  'COUNT',
  'GROUP_CONCAT',
  'JSON_ARRAYAGG',
  'JSON_OBJECTAGG',
  'MAX',
  'MIN',
  'STD',
  'STDDEV',
  'STDDEV_POP',
  'STDDEV_SAMP',
  'SUM',
  'VARIANCE',
  'VAR_POP',
  'VAR_SAMP',
]);
const trimSides: ReadonlySet<string> = new Set(['LEADING', 'TRAILING', 'BOTH']);
const formatTypes: ReadonlySet<string> = new Set(['DATE', 'TIME', 'DATETIME', 'TIMESTAMP']);

/** What stands between the parentheses of a call. */
interface CallArguments {
  readonly arguments: readonly Expression[];
  readonly distinct: boolean;
  readonly ordered: boolean;
  readonly orderBy: readonly Expression[];
}

const NOTHING_MORE = { distinct: false, ordered: false, orderBy: [] } as const;

/** Reads a call from its opening parenthesis, with what can follow: OVER, WITHIN GROUP. `name` is in upper case. */
export function readCall(reader: Reader, first: number, schema: string | null, name: string): Expression {
  const { cursor, builder } = reader;
  builder.addFunction(schema, name);
  cursor.expect('(');
  const read = schema === null ? specialCalls.get(name) : undefined;
  const inside: CallArguments = cursor.at(')')
    ? { ...NOTHING_MORE, arguments: [] }
    : read === undefined
      ? readArguments(reader)
      : { ...NOTHING_MORE, arguments: read(reader) };
  cursor.expect(')');
  let { ordered, orderBy } = inside;
  if (cursor.accept('WITHIN', 'GROUP', '(')) {
    orderBy = sortedBy(readOrderBy(reader));
    cursor.expect(')');
    ordered = true;
  }
  const window = cursor.at('OVER');
  if (window) readOver(reader);
  const aggregate = schema === null && aggregates.has(name);
  if (aggregate && !window && builder.scope !== null) builder.scope.aggregates = true;
  return {
    kind: 'call',
    schema,
    name,
    ...inside,
    ordered,
    orderBy,
    aggregate,
    window,
    tokens: cursor.rangeFrom(first),
  };
}

function readArguments(reader: Reader): CallArguments {
  const { cursor } = reader;
  const distinct = cursor.accept('DISTINCT');
  if (!distinct) cursor.accept('ALL');
  const first = cursor.position;
  if (cursor.accept('*')) {
    const star: Expression = { kind: 'star', schema: null, table: null, tokens: cursor.rangeFrom(first) };
    return { ...NOTHING_MORE, arguments: [star], distinct };
  }
  const items = reader.list(() => readArgument(reader));
  let ordered = false;
  let orderBy: readonly Expression[] = [];
  if (cursor.at('ORDER')) {
    orderBy = sortedBy(readOrderBy(reader));
    ordered = true;
  }
  if (cursor.accept('SEPARATOR')) {
    cursor.literal();
    ordered = true;
  }
  if (cursor.at('LIMIT')) {
    readLimit(reader);
    ordered = true;
  }
  if (cursor.accept('USING')) readCharsetName(reader);
  return { arguments: items, distinct, ordered, orderBy };
}

function sortedBy(items: readonly OrderItem[]): readonly Expression[] {
  return items.map(({ expression }) => expression);
}

function readArgument(reader: Reader): Expression {
  const value = reader.expression();
  if (reader.cursor.accept('AS')) readType(reader);
  return value;
}

function readParts(reader: Reader, words: readonly string[]): Expression[] {
  const parts = [reader.expression()];
  for (const word of words) {
    if (reader.cursor.accept(word)) parts.push(reader.expression());
  }
  while (reader.cursor.accept(',')) parts.push(reader.expression());
  return parts;
}

function readSubstring(reader: Reader): Expression[] {
  return readParts(reader, ['FROM', 'FOR']);
}

function readUnitAndArguments(reader: Reader): Expression[] {
  if (!readIntervalUnit(reader)) reader.cursor.fail('a unit of time expected');
  reader.cursor.expect(',');
  return reader.list(() => reader.expression());
}

function readSequenceAndArguments(reader: Reader): Expression[] {
  readSequence(reader);
  return reader.cursor.accept(',') ? reader.list(() => reader.expression()) : [];
}

/** Calls whose arguments are more than a list. */
const specialCalls: ReadonlyMap<string, (reader: Reader) => Expression[]> = new Map<
  string,
  (reader: Reader) => Expression[]
>([
  ['SUBSTRING', readSubstring],
  ['SUBSTR', readSubstring],
  ['MID', readSubstring],
  ['TIMESTAMPADD', readUnitAndArguments],
  ['TIMESTAMPDIFF', readUnitAndArguments],
  ['NEXTVAL', readSequenceAndArguments],
  ['LASTVAL', readSequenceAndArguments],
  ['SETVAL', readSequenceAndArguments],
  [
    'EXTRACT',
    (reader) => {
      if (!readIntervalUnit(reader)) reader.cursor.fail('a unit of time expected');
      reader.cursor.expect('FROM');
      return [reader.expression()];
    },
  ],
  [
    'TRIM',
    (reader) => {
      const sided = reader.cursor.acceptOneOf(trimSides) !== null;
      if (sided && reader.cursor.accept('FROM')) return [reader.expression()];
      return readParts(reader, ['FROM']);
    },
  ],
  [
    'POSITION',
    (reader) => {
      const part = reader.operation(LEVEL.bitOr);
      reader.cursor.expect('IN');
      return [part, reader.expression()];
    },
  ],
  [
    'CONVERT',
    (reader) => {
      const value = reader.expression();
      if (reader.cursor.accept('USING')) {
        readCharsetName(reader);
      } else {
        reader.cursor.expect(',');
        readType(reader);
      }
      return [value];
    },
  ],
  [
    'GET_FORMAT',
    (reader) => {
      if (reader.cursor.acceptOneOf(formatTypes) === null) reader.cursor.fail('a type of date expected');
      reader.cursor.expect(',');
      return [reader.expression()];
    },
  ],
]);
