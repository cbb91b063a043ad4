import { readAssignments } from './assignment-grammar.ts';
import { readTables } from './from-grammar.ts';
import { readLimit, readOrderBy } from './order-grammar.ts';
import type { Reader } from './reader.ts';
import { readSelectItem, readWhere } from './select-grammar.ts';
import type { OpenScope } from './shape-builder.ts';
import type { DeleteNode, UpdateNode } from './statement-shape.ts';

/** A table to delete from, as the forms with several tables name it. */
type Target = DeleteNode['targets'][number];

/** Reads UPDATE. */
export function readUpdate(reader: Reader): UpdateNode {
  const { cursor, builder } = reader;
  const first = cursor.position;
  cursor.expect('UPDATE');
  cursor.accept('LOW_PRIORITY');
  const ignore = cursor.accept('IGNORE');
  const scope = builder.openScope('update', null, first);
  readTables(reader, scope, 'read');
  cursor.expect('SET');
  const assignments = readAssignments(reader);
  readWhere(reader, scope);
  const orderBy = readOrderBy(reader);
  const limit = readLimit(reader);
  scope.tokens = cursor.rangeFrom(first);
  builder.scope = null;
  const named = assignments.every((assignment) => assignment.table !== null);
  markWritten(reader, scope, named ? assignments.map((assignment) => assignment.table as string) : null);
  return { kind: 'update', ignore, scope: scope.index, assignments, orderBy, limit };
}

/** Reads DELETE. */
export function readDelete(reader: Reader): DeleteNode {
  const { cursor, builder } = reader;
  const first = cursor.position;
  cursor.expect('DELETE');
  if (cursor.at('HISTORY', 'FROM')) cursor.fail('DELETE HISTORY is not read');
  cursor.accept('LOW_PRIORITY');
  if (cursor.at('QUICK', 'FROM') || cursor.at('QUICK', 'IGNORE')) cursor.accept('QUICK');
  const ignore = cursor.accept('IGNORE');
  const scope = builder.openScope('delete', null, first);
  const targets = readTargets(reader);
  if (targets.length === 0) cursor.expect('FROM');
  readTables(reader, scope, 'read');
  readWhere(reader, scope);
  const orderBy = readOrderBy(reader);
  const limit = readLimit(reader);
  const returning = cursor.accept('RETURNING') ? reader.list(() => readSelectItem(reader)) : [];
  if (targets.length === 0 && scope.sources.length !== 1) cursor.fail('one table expected');
  scope.tokens = cursor.rangeFrom(first);
  builder.scope = null;
  markWritten(reader, scope, targets.length === 0 ? null : targets.map((target) => target.name));
  return { kind: 'delete', ignore, scope: scope.index, targets, orderBy, limit, returning };
}

/**
 * Reads `t1, t2 FROM` and `FROM t1, t2 USING`, in front of the joined tables. None for DELETE FROM with one table: then nothing
 * was passed over.
 */
function readTargets(reader: Reader): Target[] {
  const { cursor } = reader;
  const before = cursor.position;
  const behind = cursor.accept('FROM');
  const targets = reader.list(() => readTarget(reader));
  if (behind ? cursor.accept('USING') : cursor.accept('FROM')) {
    for (const { schema, name, first } of targets) {
      if (schema !== null) reader.builder.addQualifier(schema, first, 'table', name);
    }
    return targets.map(({ schema, name }) => ({ schema, name }));
  }
  if (!behind) cursor.fail('FROM expected');
  cursor.position = before;
  return [];
}

function readTarget(reader: Reader): Target & { readonly first: number } {
  const { cursor } = reader;
  const first = cursor.position;
  let schema: string | null = null;
  let name = cursor.name();
  if (cursor.at('.') && cursor.peek(1) !== '*') {
    cursor.accept('.');
    schema = name;
    name = cursor.name();
  }
  cursor.accept('.', '*');
  return { schema, name, first };
}

/** Marks the tables of a scope with these names or aliases as written to; all of them for null. */
function markWritten(reader: Reader, scope: OpenScope, names: readonly string[] | null): void {
  const found = new Set<string>();
  for (const source of scope.sources) {
    if (names !== null && !names.includes(source.name)) continue;
    found.add(source.name);
    if (source.kind !== 'table') continue;
    const table = reader.builder.tables[source.table];
    if (table !== undefined) table.access = 'write';
  }
  if (names !== null && !names.every((name) => found.has(name))) {
    reader.cursor.fail('a table that is not among those joined is changed');
  }
}
