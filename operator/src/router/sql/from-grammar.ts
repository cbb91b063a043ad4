import { findConjuncts } from './conjuncts.ts';
import { LEVEL } from './operators.ts';
import type { TableReference } from './query-shape.ts';
import type { Reader } from './reader.ts';
import type { OpenScope } from './shape-builder.ts';
import { readQualifiedName } from './table-name-grammar.ts';

/** Indexes of sources. */
type Sources = readonly number[];

/** How many tables MariaDB can join. Source: MAX_TABLES in sql/sql_const.h. */
const MOST_SOURCES = 61;
const hintWords: ReadonlySet<string> = new Set(['USE', 'FORCE', 'IGNORE']);
const indexWords: ReadonlySet<string> = new Set(['INDEX', 'KEY']);

/** Reads the tables of FROM (or of UPDATE and DELETE) with their joins into the scope. */
export function readTables(reader: Reader, scope: OpenScope, access: TableReference['access']): void {
  reader.list(() => readJoined(reader, scope, access, null));
}

/** Reads tables joined to each other; `begun` are the sources of the first one if it was read. */
function readJoined(
  reader: Reader,
  scope: OpenScope,
  access: TableReference['access'],
  begun: Sources | null,
): Sources {
  return reader.deeper(() => {
    let left = begun ?? readFactor(reader, scope, access);
    let unconditioned = 0;
    for (;;) {
      const join = readJoinWords(reader);
      if (join === null) {
        // `a JOIN b JOIN c ON … ON …`: the last condition is that of the first join.
        if (unconditioned-- > 0 && readCondition(reader, scope, left, left, left)) continue;
        return left;
      }
      if (join.natural) scope.joins.natural = true;
      if (join.kept !== 'none') scope.joins.outer = true;
      let right = readFactor(reader, scope, access);
      // `a LEFT JOIN b JOIN c ON … ON …` joins b to c first.
      if (join.kept !== 'none' && !join.natural && startsJoin(reader)) {
        right = readJoined(reader, scope, access, right);
      }
      if (join.kept !== 'none') scope.joins.optional.push(...(join.kept === 'left' ? right : left));
      const all = [...left, ...right];
      const binds = join.kept === 'none' ? all : join.kept === 'left' ? right : left;
      if (!readCondition(reader, scope, binds, left, right) && join.kept === 'none') unconditioned++;
      left = all;
    }
  });
}

/** Reads ON or USING after a join of `left` and `right`, which holds for the rows of `binds`. False when neither is there. */
function readCondition(
  reader: Reader,
  scope: OpenScope,
  binds: Sources,
  left: Sources,
  right: Sources,
): boolean {
  const { cursor } = reader;
  if (cursor.at('ON') && !cursor.at('ON', 'DUPLICATE')) {
    cursor.expect('ON');
    for (const conjunct of findConjuncts(reader.expression(), binds)) scope.conjuncts.push(conjunct);
    return true;
  }
  if (!cursor.accept('USING', '(')) return false;
  for (const column of reader.list(() => cursor.name().toLowerCase())) {
    scope.conjuncts.push({ kind: 'using', column, left, right, binds });
  }
  cursor.expect(')');
  return true;
}

interface JoinWords {
  /** The side of which rows without a match are kept. */
  readonly kept: 'none' | 'left' | 'right';
  readonly natural: boolean;
}

function readJoinWords(reader: Reader): JoinWords | null {
  const { cursor } = reader;
  if (!startsJoin(reader)) return null;
  if (cursor.accept('STRAIGHT_JOIN')) return { kept: 'none', natural: false };
  const natural = cursor.accept('NATURAL');
  let kept: JoinWords['kept'] = 'none';
  if (cursor.accept('LEFT')) kept = 'left';
  else if (cursor.accept('RIGHT')) kept = 'right';
  if (kept !== 'none') cursor.accept('OUTER');
  else if (!cursor.accept('INNER')) cursor.accept('CROSS');
  cursor.expect('JOIN');
  return { kept, natural };
}

function startsJoin(reader: Reader): boolean {
  switch (reader.cursor.peek()) {
    case 'JOIN':
    case 'INNER':
    case 'CROSS':
    case 'LEFT':
    case 'RIGHT':
    case 'NATURAL':
    case 'STRAIGHT_JOIN':
      return true;
    default:
      return false;
  }
}

function readFactor(reader: Reader, scope: OpenScope, access: TableReference['access']): Sources {
  const { cursor } = reader;
  if (scope.sources.length >= MOST_SOURCES) cursor.fail('too many tables in one join');
  if (cursor.at('(')) {
    const read = reader.deeper(() => readParentheses(reader, scope, access));
    return typeof read === 'number' ? readDerived(reader, scope, read) : read;
  }
  if (cursor.accept('DUAL')) return [];
  if (cursor.at('JSON_TABLE', '(')) return readJsonTable(reader, scope);
  return readTable(reader, scope, access);
}

/** Reads what stands in parentheses: the index of a query, or the sources joined there. */
function readParentheses(
  reader: Reader,
  scope: OpenScope,
  access: TableReference['access'],
): number | Sources {
  const { cursor } = reader;
  cursor.expect('(');
  let inside: number | Sources;
  if (reader.startsQuery()) {
    inside = reader.query('derived');
  } else if (reader.startsQueryInParentheses()) {
    const first = reader.deeper(() => readParentheses(reader, scope, access));
    if (typeof first !== 'number') {
      inside = readJoined(reader, scope, access, first);
    } else if (reader.continuesQuery()) {
      inside = reader.restOfQuery('derived', first);
    } else if (cursor.at(')')) {
      inside = first;
    } else {
      inside = readJoined(reader, scope, access, readDerived(reader, scope, first));
    }
  } else {
    inside = readJoined(reader, scope, access, null);
  }
  if (typeof inside !== 'number') {
    const sources = [...inside];
    while (cursor.accept(',')) sources.push(...readJoined(reader, scope, access, null));
    inside = sources;
  }
  cursor.expect(')');
  return inside;
}

function readDerived(reader: Reader, scope: OpenScope, query: number): Sources {
  const { cursor } = reader;
  const name = readAlias(reader);
  if (name === null) return cursor.fail('a name for the query in FROM expected');
  const renamed = cursor.accept('(');
  if (renamed) {
    reader.list(() => cursor.name());
    cursor.expect(')');
  }
  return [scope.sources.push({ kind: 'derived', query, name, renamed }) - 1];
}

function readJsonTable(reader: Reader, scope: OpenScope): Sources {
  const { cursor } = reader;
  cursor.expect('JSON_TABLE', '(');
  reader.expression();
  cursor.expect(',');
  let depth = 1;
  while (depth > 0) {
    if (cursor.ended || cursor.at('SELECT')) cursor.fail('the end of JSON_TABLE expected');
    if (cursor.at('(')) depth++;
    if (cursor.at(')')) depth--;
    cursor.position++;
  }
  const name = readAlias(reader);
  if (name === null) return cursor.fail('a name for JSON_TABLE expected');
  return [scope.sources.push({ kind: 'tableFunction', name }) - 1];
}

function readTable(reader: Reader, scope: OpenScope, access: TableReference['access']): Sources {
  const { cursor, builder } = reader;
  const name = readQualifiedName(reader, 'table');
  if (cursor.accept('PARTITION', '(')) {
    reader.list(() => cursor.name());
    cursor.expect(')');
  }
  if (cursor.at('FOR', 'SYSTEM_TIME')) readSystemTime(reader);
  const alias = readAlias(reader);
  while (hintWords.has(cursor.peek()) && indexWords.has(cursor.peek(1))) readIndexHint(reader);
  const common = name.schema === null ? findCommonTable(reader, name.name) : null;
  if (common !== null) {
    return [scope.sources.push({ kind: 'commonTable', query: common, name: alias ?? name.name }) - 1];
  }
  const table = builder.addTable({ ...name, alias, access });
  return [scope.sources.push({ kind: 'table', table, name: alias ?? name.name }) - 1];
}

/** The common table that a name means where it is used, or null. */
function findCommonTable(reader: Reader, name: string): number | null {
  const folded = name.toLowerCase();
  const common = reader.builder.commonTables.findLast((table) => table.name.toLowerCase() === folded);
  if (common === undefined) return null;
  if (common.name !== name) reader.cursor.fail('a name that differs from one of WITH only in its case');
  return common.query;
}

function readAlias(reader: Reader): string | null {
  const { cursor } = reader;
  if (cursor.accept('AS')) return cursor.name();
  return cursor.isName() && !cursor.at('WINDOW') ? cursor.name() : null;
}

function readSystemTime(reader: Reader): void {
  const { cursor } = reader;
  cursor.expect('FOR', 'SYSTEM_TIME');
  if (cursor.accept('ALL')) return;
  if (cursor.accept('AS', 'OF')) {
    readTime(reader);
  } else if (cursor.accept('BETWEEN')) {
    readTime(reader);
    cursor.expect('AND');
    readTime(reader);
  } else {
    cursor.expect('FROM');
    readTime(reader);
    cursor.expect('TO');
    readTime(reader);
  }
}

function readTime(reader: Reader): void {
  reader.cursor.accept('TRANSACTION');
  reader.operation(LEVEL.bitOr);
}

function readIndexHint(reader: Reader): void {
  const { cursor } = reader;
  cursor.position += 2;
  if (cursor.accept('FOR') && !cursor.accept('JOIN')) {
    if (!cursor.accept('ORDER', 'BY')) cursor.expect('GROUP', 'BY');
  }
  cursor.expect('(');
  if (!cursor.at(')')) {
    reader.list(() => {
      if (!cursor.accept('PRIMARY')) cursor.name();
    });
  }
  cursor.expect(')');
}
