import { readAssignments } from './assignment-grammar.ts';
import type { InsertNode, InsertRow } from './statement-shape.ts';
import type { Reader } from './reader.ts';
import { readSelectItem } from './select-grammar.ts';
import { readTableName } from './table-name-grammar.ts';

const insertOptions: ReadonlySet<string> = new Set(['LOW_PRIORITY', 'DELAYED', 'HIGH_PRIORITY']);

/** Reads INSERT or REPLACE. */
export function readInsert(reader: Reader, verb: InsertNode['verb']): InsertNode {
  const { cursor } = reader;
  cursor.expect(verb);
  const options: string[] = [];
  const option = cursor.acceptOneOf(insertOptions);
  if (option !== null) options.push(option);
  const ignore = verb === 'INSERT' && cursor.accept('IGNORE');
  cursor.accept('INTO');
  const table = readTableName(reader, 'write');
  if (cursor.accept('PARTITION', '(')) {
    reader.list(() => cursor.name());
    cursor.expect(')');
  }
  const columns = readColumns(reader);
  const source = readSource(reader);
  let onDuplicate: InsertNode['onDuplicate'] = [];
  if (verb === 'INSERT' && cursor.accept('ON', 'DUPLICATE', 'KEY', 'UPDATE')) {
    reader.valuesFunction = true;
    onDuplicate = readAssignments(reader);
    reader.valuesFunction = false;
  }
  const returning = cursor.accept('RETURNING') ? reader.list(() => readSelectItem(reader)) : [];
  return { kind: 'insert', verb, ignore, options, table, columns, source, onDuplicate, returning };
}

/** Reads `(a, b)` after the table's name; null without it, or where a query in parentheses follows. */
function readColumns(reader: Reader): string[] | null {
  const { cursor } = reader;
  if (!cursor.at('(') || reader.startsQueryInParentheses()) return null;
  cursor.expect('(');
  if (cursor.accept(')')) return [];
  const columns = reader.list(() => readColumn(reader));
  cursor.expect(')');
  return columns;
}

/** Reads a column that is assigned to, with the names that can stand in front; returns its own name in lower case. */
function readColumn(reader: Reader): string {
  const { cursor, builder } = reader;
  const first = cursor.position;
  const names = [cursor.name()];
  while (names.length < 3 && cursor.accept('.')) names.push(cursor.name());
  if (names.length === 3) builder.addQualifier(names[0] as string, first, 'column', names[1] as string);
  return (names.at(-1) as string).toLowerCase();
}

function readSource(reader: Reader): InsertNode['source'] {
  const { cursor } = reader;
  if (cursor.accept('SET')) {
    const start = cursor.position;
    const assignments = readAssignments(reader);
    const values = assignments.map((assignment) => assignment.value);
    const columns = assignments.map((assignment) => assignment.column);
    return { kind: 'set', columns, row: { tokens: cursor.rangeFrom(start), values } };
  }
  if (cursor.at('VALUES') || cursor.at('VALUE')) {
    cursor.position++;
    return { kind: 'values', rows: reader.list(() => readRow(reader)) };
  }
  if (reader.startsQuery() || reader.startsQueryInParentheses()) {
    return { kind: 'query', query: reader.query('root') };
  }
  return cursor.fail('VALUES, SET or SELECT expected');
}

function readRow(reader: Reader): InsertRow {
  const { cursor } = reader;
  const first = cursor.position;
  cursor.expect('(');
  const values = cursor.at(')') ? [] : reader.list(() => reader.expression());
  cursor.expect(')');
  return { tokens: cursor.rangeFrom(first), values };
}
