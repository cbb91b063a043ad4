import { readAssignments } from './assignment-grammar.ts';
import { readFileFormat } from './file-format-grammar.ts';
import type { LoadDataNode } from './load-data-shape.ts';
import type { Reader } from './reader.ts';
import { readTableName } from './table-name-grammar.ts';
import { SYMBOL } from './token-cursor.ts';

/** Reads LOAD DATA and LOAD XML. */
export function readLoadData(reader: Reader): LoadDataNode {
  const { cursor } = reader;
  cursor.expect('LOAD');
  const format = cursor.accept('XML') ? 'XML' : 'DATA';
  if (format === 'DATA') cursor.expect('DATA');
  if (!cursor.accept('LOW_PRIORITY')) cursor.accept('CONCURRENT');
  const local = cursor.accept('LOCAL');
  cursor.expect('INFILE');
  const file = cursor.literal();
  const duplicates = cursor.accept('REPLACE') ? 'replace' : cursor.accept('IGNORE') ? 'ignore' : null;
  cursor.expect('INTO', 'TABLE');
  const table = readTableName(reader, 'write');
  if (cursor.accept('PARTITION', '(')) {
    reader.list(() => cursor.name());
    cursor.expect(')');
  }
  const layoutStart = cursor.position;
  const layout = readFileFormat(reader);
  if (cursor.accept('ROWS')) {
    cursor.expect('IDENTIFIED', 'BY');
    cursor.literal();
  }
  const skipped = readSkipped(reader);
  const inParentheses = cursor.accept('(');
  const list = { first: cursor.position, inParentheses };
  const columns = inParentheses ? readFields(reader) : null;
  const assignments = cursor.accept('SET') ? readAssignments(reader) : [];
  return {
    kind: 'loadData',
    local,
    format,
    duplicates,
    file,
    table,
    layout,
    layoutStart,
    skipped,
    columns: columns?.length === 0 ? null : columns,
    list,
    assignments,
  };
}

function readSkipped({ cursor }: Reader): LoadDataNode['skipped'] {
  if (!cursor.accept('IGNORE')) return null;
  const first = cursor.position;
  const literal = cursor.literal();
  const tokens = cursor.rangeFrom(first);
  if (!cursor.accept('LINES')) cursor.expect('ROWS');
  return { literal, tokens };
}

function readFields(reader: Reader): string[] {
  const { cursor, builder } = reader;
  if (cursor.accept(')')) return [];
  const columns = reader.list(() => {
    if (!cursor.at(SYMBOL.userVariable)) return cursor.name().toLowerCase();
    const name = cursor.textAt(cursor.position++);
    builder.addUserVariable(name);
    return `@${name.toLowerCase()}`;
  });
  cursor.expect(')');
  return columns;
}
