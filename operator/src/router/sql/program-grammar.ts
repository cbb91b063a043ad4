import type { Reader } from './reader.ts';
import type { DefinitionNode } from './statement-shape.ts';
import { readQualifiedName, readTableName } from './table-name-grammar.ts';

const eventWords: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE']);

/** Reads the rest of a definition of a stored program: its name, and of a trigger the table. The body is not read. */
export function readProgram(reader: Reader, base: DefinitionNode): DefinitionNode {
  const { cursor } = reader;
  if (base.object === 'package') cursor.accept('BODY');
  const conditional = cursor.accept('IF', 'NOT', 'EXISTS') || cursor.accept('IF', 'EXISTS');
  const name = readQualifiedName(
    reader,
    base.object === 'procedure' || base.object === 'function' ? 'routine' : 'object',
  );
  if (base.verb === 'DROP') return { ...base, conditional, name };
  if (base.object === 'trigger') {
    if (!cursor.accept('BEFORE')) cursor.expect('AFTER');
    do {
      if (cursor.acceptOneOf(eventWords) === null) cursor.fail('INSERT, UPDATE or DELETE expected');
    } while (cursor.accept('OR'));
    cursor.expect('ON');
    readTableName(reader, 'write');
  }
  cursor.position = cursor.count;
  return { ...base, conditional, name, program: true };
}
