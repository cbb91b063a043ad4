import type { Reader } from './reader.ts';
import type { DefinitionNode, StatementNode } from './statement-shape.ts';
import { readQualifiedName, readTableName } from './table-name-grammar.ts';

type UserManagement = Extract<StatementNode, { kind: 'userManagement' }>;

const userWords: ReadonlySet<string> = new Set(['USER', 'ROLE']);
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

/** Reads the rest of CREATE, ALTER, DROP or RENAME of users and roles; null if it is something else. */
export function readUserManagement(reader: Reader, verb: string): UserManagement | null {
  const { cursor } = reader;
  const object = cursor.acceptOneOf(userWords);
  if (object === null) return null;
  cursor.position = cursor.count;
  return { kind: 'userManagement', what: `${verb} ${object}`, on: null };
}

/** Reads GRANT or REVOKE as far as what it is about. */
export function readGrant(reader: Reader, verb: 'GRANT' | 'REVOKE'): UserManagement {
  const { cursor } = reader;
  cursor.expect(verb);
  while (!cursor.ended && !cursor.at('ON') && !cursor.at('TO') && !cursor.at('FROM')) cursor.position++;
  if (!cursor.accept('ON')) {
    cursor.position = cursor.count;
    return { kind: 'userManagement', what: verb, on: null };
  }
  let object: 'table' | 'function' | 'procedure' = 'table';
  if (cursor.accept('FUNCTION')) object = 'function';
  else if (cursor.accept('PROCEDURE')) object = 'procedure';
  else if (cursor.at('PACKAGE') || cursor.at('PROXY')) cursor.fail('a privilege that is not read');
  else cursor.accept('TABLE');
  const first = cursor.position;
  const names = [readGrantedName(reader)];
  if (cursor.accept('.')) names.push(readGrantedName(reader));
  const unqualified = names.length === 1;
  const name = names.pop() ?? null;
  const schema = names.pop() ?? null;
  const tokens = cursor.rangeFrom(first);
  cursor.position = cursor.count;
  return { kind: 'userManagement', what: verb, on: { object, unqualified, schema, name, tokens } };
}

function readGrantedName(reader: Reader): string | null {
  return reader.cursor.accept('*') ? null : reader.cursor.name();
}
