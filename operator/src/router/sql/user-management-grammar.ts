import type { Reader } from './reader.ts';
import type { StatementNode } from './statement-shape.ts';
import {
  readAction,
  readGrantees,
  readPasswordChange,
  readPrivileges,
  readUserDefinition,
  readUserRemoval,
} from './user-grammar.ts';

type UserManagement = Extract<StatementNode, { kind: 'userManagement' }>;

const userWords: ReadonlySet<string> = new Set(['USER', 'ROLE']);

/** Reads the rest of CREATE, ALTER, DROP or RENAME of users and roles; null if it is something else. */
export function readUserManagement(reader: Reader, verb: string, orReplace = false): UserManagement | null {
  const object = reader.cursor.acceptOneOf(userWords);
  if (object === null) return null;
  const action = readAction(reader, (rest) => {
    if (object === 'ROLE') return rest.cursor.fail('a statement about a user expected');
    switch (verb) {
      case 'CREATE':
        return readUserDefinition(rest, 'create', orReplace);
      case 'ALTER':
        return readUserDefinition(rest, 'alter', false);
      case 'DROP':
        return readUserRemoval(rest);
      default:
        return rest.cursor.fail('CREATE, ALTER or DROP expected');
    }
  });
  return { kind: 'userManagement', what: `${verb} ${object}`, on: null, action };
}

/** Reads SET PASSWORD, SET DEFAULT ROLE behind SET. */
export function readUserSetting(reader: Reader): UserManagement | null {
  const { cursor } = reader;
  if (cursor.accept('DEFAULT', 'ROLE')) {
    cursor.position = cursor.count;
    return { kind: 'userManagement', what: 'SET DEFAULT ROLE', on: null, action: null };
  }
  if (!cursor.accept('PASSWORD')) return null;
  return {
    kind: 'userManagement',
    what: 'SET PASSWORD',
    on: null,
    action: readAction(reader, readPasswordChange),
  };
}

/** Reads GRANT or REVOKE. */
export function readGrant(reader: Reader, verb: 'GRANT' | 'REVOKE'): UserManagement {
  const { cursor } = reader;
  cursor.expect(verb);
  let on: UserManagement['on'] = null;
  const action = readAction(reader, (rest) => {
    const privileges = readPrivileges(rest);
    on = cursor.accept('ON') ? readObject(rest) : null;
    const accounts = readGrantees(rest, verb === 'GRANT' ? 'TO' : 'FROM');
    return { action: verb === 'GRANT' ? 'grant' : 'revoke', privileges, accounts };
  });
  return { kind: 'userManagement', what: verb, on, action };
}

function readObject(reader: Reader): NonNullable<UserManagement['on']> {
  const { cursor } = reader;
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
  return { object, unqualified, schema, name, tokens: cursor.rangeFrom(first) };
}

function readGrantedName(reader: Reader): string | null {
  return reader.cursor.accept('*') ? null : reader.cursor.name();
}
