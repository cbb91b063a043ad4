import { readProgram } from './program-grammar.ts';
import type { Reader } from './reader.ts';
import type { DefinedObject, DefinitionNode, StatementNode } from './statement-shape.ts';
import { readCreateTable, readTableChanges } from './table-definition-grammar.ts';
import { readQualifiedName, readTableName } from './table-name-grammar.ts';
import { SYMBOL } from './token-cursor.ts';
import { readUserManagement } from './user-management-grammar.ts';

const indexKinds: ReadonlySet<string> = new Set(['UNIQUE', 'FULLTEXT', 'SPATIAL', 'VECTOR']);
const programs: ReadonlyMap<string, DefinedObject> = new Map([
  ['PROCEDURE', 'procedure'],
  ['FUNCTION', 'function'],
  ['TRIGGER', 'trigger'],
  ['EVENT', 'event'],
  ['PACKAGE', 'package'],
]);
const tableObjects: ReadonlyMap<string, DefinedObject> = new Map([
  ['TABLE', 'table'],
  ['TABLES', 'table'],
  ['VIEW', 'view'],
  ['SEQUENCE', 'sequence'],
]);
const schemaWords: ReadonlySet<string> = new Set(['DATABASE', 'SCHEMA']);
const administered: ReadonlySet<string> = new Set(['SERVER', 'TABLESPACE', 'LOGFILE', 'UNDO']);

/** Reads CREATE, ALTER or DROP. */
export function readDefinition(reader: Reader, verb: 'CREATE' | 'ALTER' | 'DROP'): StatementNode {
  const { cursor } = reader;
  cursor.expect(verb);
  const users = readUserManagement(reader, verb);
  if (users !== null) return users;
  const orReplace = verb === 'CREATE' && cursor.accept('OR', 'REPLACE');
  if (orReplace) {
    const replaced = readUserManagement(reader, verb, true);
    if (replaced !== null) return replaced;
  }
  if (administered.has(cursor.peek())) {
    const what = `${verb} ${cursor.peek()}`;
    cursor.position = cursor.count;
    return { kind: 'administration', what };
  }
  const temporary = cursor.accept('TEMPORARY');
  const base = { ...emptyDefinition(verb), orReplace, temporary };
  readSecurity(reader);
  const table = tableObjects.get(cursor.peek());
  if (table !== undefined || cursor.at('ONLINE') || cursor.at('IGNORE')) {
    cursor.accept('ONLINE');
    cursor.accept('IGNORE');
    const object = tableObjects.get(cursor.peek());
    if (object === undefined) return cursor.fail('TABLE expected');
    cursor.position++;
    return readTableDefinition(reader, { ...base, object });
  }
  if (cursor.acceptOneOf(schemaWords) !== null) return readSchema(reader, base);
  if (indexKinds.has(cursor.peek()) || cursor.at('INDEX')) return readIndex(reader, base);
  cursor.accept('AGGREGATE');
  const program = programs.get(cursor.peek());
  if (program === undefined) return cursor.fail('something that can be defined expected');
  cursor.position++;
  return readProgram(reader, { ...base, object: program });
}

/** Reads TRUNCATE. */
export function readTruncate(reader: Reader): StatementNode {
  reader.cursor.expect('TRUNCATE');
  reader.cursor.accept('TABLE');
  readTableName(reader, 'write');
  readWait(reader);
  return emptyDefinition('TRUNCATE');
}

/** Reads RENAME TABLE and RENAME USER. */
export function readRename(reader: Reader): StatementNode {
  const { cursor } = reader;
  cursor.expect('RENAME');
  const users = readUserManagement(reader, 'RENAME');
  if (users !== null) return users;
  if (!cursor.accept('TABLES')) cursor.expect('TABLE');
  const conditional = cursor.accept('IF', 'EXISTS');
  const renames = reader.list(() => {
    const from = readTableName(reader, 'write');
    readWait(reader);
    cursor.expect('TO');
    return { from, to: readTableName(reader, 'write') };
  });
  return { ...emptyDefinition('RENAME'), conditional, renames };
}

function emptyDefinition(verb: DefinitionNode['verb']): DefinitionNode {
  return {
    kind: 'definition',
    verb,
    object: 'table',
    temporary: false,
    orReplace: false,
    conditional: false,
    name: null,
    query: null,
    renames: [],
    like: null,
    references: [],
    columns: [],
    program: false,
  };
}

/** Passes over ALGORITHM, DEFINER and SQL SECURITY. */
function readSecurity(reader: Reader): void {
  const { cursor } = reader;
  for (;;) {
    if (cursor.accept('ALGORITHM', '=')) {
      cursor.name();
    } else if (cursor.accept('DEFINER', '=')) {
      if (
        !cursor.accept('CURRENT_USER') &&
        !cursor.accept('CURRENT_ROLE') &&
        !cursor.accept(SYMBOL.literal)
      ) {
        cursor.name();
      }
      cursor.accept('(', ')');
      cursor.accept(SYMBOL.userVariable);
    } else if (cursor.accept('SQL', 'SECURITY')) {
      cursor.name();
    } else {
      return;
    }
  }
}

function readConditional(reader: Reader): boolean {
  return reader.cursor.accept('IF', 'NOT', 'EXISTS') || reader.cursor.accept('IF', 'EXISTS');
}

function readWait(reader: Reader): void {
  if (reader.cursor.accept('WAIT')) reader.cursor.literal();
  else reader.cursor.accept('NOWAIT');
}

function readTableDefinition(reader: Reader, base: DefinitionNode): DefinitionNode {
  const { cursor } = reader;
  const conditional = readConditional(reader);
  const definition = { ...base, conditional };
  if (base.verb === 'DROP') {
    reader.list(() => readTableName(reader, 'write'));
    readWait(reader);
    if (!cursor.accept('RESTRICT')) cursor.accept('CASCADE');
    return definition;
  }
  const table = readTableName(reader, 'write');
  if (base.object === 'view') return readView(reader, definition);
  if (base.object === 'sequence') {
    readTableChanges(reader, table);
    return definition;
  }
  if (base.verb === 'CREATE') return { ...definition, ...readCreateTable(reader) };
  readWait(reader);
  return { ...definition, ...readTableChanges(reader, table) };
}

function readView(reader: Reader, base: DefinitionNode): DefinitionNode {
  const { cursor } = reader;
  if (cursor.accept('(')) {
    reader.list(() => cursor.name());
    cursor.expect(')');
  }
  cursor.expect('AS');
  const query = reader.query('root');
  if (cursor.accept('WITH')) {
    if (!cursor.accept('CASCADED')) cursor.accept('LOCAL');
    cursor.expect('CHECK', 'OPTION');
  }
  return { ...base, query };
}

function readSchema(reader: Reader, base: DefinitionNode): DefinitionNode {
  const { cursor } = reader;
  const conditional = readConditional(reader);
  const first = cursor.position;
  const name = cursor.name();
  const tokens = cursor.rangeFrom(first);
  if (base.verb !== 'DROP') readTableChanges(reader, null);
  return { ...base, object: 'database', conditional, name: { schema: null, name, tokens } };
}

function readIndex(reader: Reader, base: DefinitionNode): DefinitionNode {
  const { cursor } = reader;
  cursor.acceptOneOf(indexKinds);
  cursor.expect('INDEX');
  const conditional = readConditional(reader);
  const name = cursor.accept('PRIMARY')
    ? { schema: null, name: 'PRIMARY', tokens: cursor.rangeFrom(cursor.position - 1) }
    : readQualifiedName(reader, 'object');
  if (cursor.accept('USING')) cursor.name();
  cursor.expect('ON');
  const table = readTableName(reader, 'write');
  readWait(reader);
  readTableChanges(reader, table);
  return { ...base, object: 'index', conditional, name };
}
