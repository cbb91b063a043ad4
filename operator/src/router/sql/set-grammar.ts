import type { Expression } from './expression.ts';
import { LEVEL } from './operators.ts';
import type { Reader } from './reader.ts';
import type { Assignment, StatementNode } from './statement-shape.ts';
import { SYMBOL } from './token-cursor.ts';
import { readUserSetting } from './user-management-grammar.ts';

const scopeWords: ReadonlyMap<string, Assignment['scope']> = new Map([
  ['GLOBAL', 'global'],
  ['SESSION', 'session'],
  ['LOCAL', 'session'],
]);
/** Reserved words that are values of system variables. */
const valueWords: ReadonlySet<string> = new Set(['ON', 'ALL', 'BINARY']);

/** Reads SET in all its forms but SET STATEMENT. */
export function readSet(reader: Reader): StatementNode {
  const { cursor } = reader;
  cursor.expect('SET');
  const ofUser = readUserSetting(reader);
  if (ofUser !== null) return ofUser;
  if (cursor.accept('ROLE')) return { kind: 'setRole', role: readRole(reader) };
  const begin = cursor.position;
  if (cursor.accept('NAMES')) {
    const names = readNames(reader, 'names');
    if (!cursor.at(',')) return names;
    cursor.position = begin;
  }
  if (cursor.accept('CHARACTER', 'SET') || cursor.accept('CHARSET')) return readNames(reader, 'characterSet');
  const scope = scopeWords.get(cursor.peek());
  if (cursor.at('TRANSACTION')) return readTransaction(reader, 'next');
  if (scope !== undefined && cursor.peek(1) === 'TRANSACTION') {
    cursor.position++;
    return readTransaction(reader, scope === 'global' ? 'global' : 'session');
  }
  return { kind: 'set', assignments: reader.list(() => readItem(reader)).flat() };
}

/** Reads one element of SET's list: an assignment, or NAMES, which is three or four. */
function readItem(reader: Reader): Assignment[] {
  const { cursor } = reader;
  if (!cursor.at('NAMES') || cursor.peek(1) === '=' || cursor.peek(1) === ':=')
    return [readAssignment(reader)];
  cursor.position++;
  const charset = readCharset(reader);
  const assignments: Assignment[] = [
    'character_set_client',
    'character_set_results',
    'character_set_connection',
  ].map((name) => ({ scope: 'session', name, value: charset }));
  if (cursor.accept('COLLATE')) {
    assignments.push({ scope: 'session', name: 'collation_connection', value: readCharset(reader) });
  }
  return assignments;
}

/** Reads the name of a character set or collation as a value. */
function readCharset(reader: Reader): Expression {
  const { cursor } = reader;
  const first = cursor.position;
  if (!cursor.accept('BINARY')) return reader.operation(LEVEL.collate + 1);
  return {
    kind: 'column',
    column: { schema: null, table: null, name: 'binary' },
    tokens: cursor.rangeFrom(first),
  };
}

/** Reads `SET STATEMENT a = 1, … FOR`, which stands in front of a statement. */
export function readSettings(reader: Reader): void {
  const { cursor, builder } = reader;
  cursor.expect('SET', 'STATEMENT');
  for (const setting of reader.list(() => readAssignment(reader))) builder.settings.push(setting);
  cursor.expect('FOR');
}

function readAssignment(reader: Reader): Assignment {
  const { cursor, builder } = reader;
  const first = cursor.position;
  if (cursor.at(SYMBOL.userVariable)) {
    const name = cursor.textAt(cursor.position++).toLowerCase();
    builder.addUserVariable(name);
    builder.assignsUserVariables = true;
    return readValue(reader, 'user', name);
  }
  let scope: Assignment['scope'] = 'session';
  let name: string;
  if (cursor.at(SYMBOL.systemVariable)) {
    name = cursor.textAt(cursor.position++);
    const prefix = scopeWords.get(name.toUpperCase());
    if (prefix !== undefined && cursor.accept('.')) {
      scope = prefix;
      name = cursor.name();
    }
  } else {
    const prefix = scopeWords.get(cursor.peek());
    if (prefix !== undefined && cursor.isName(1)) {
      cursor.position++;
      scope = prefix;
    }
    name = cursor.name();
  }
  if (cursor.accept('.')) name = `${name}.${cursor.name()}`;
  if (cursor.position === first) cursor.fail('a variable expected');
  return readValue(reader, scope, name.toLowerCase());
}

function readValue(reader: Reader, scope: Assignment['scope'], name: string): Assignment {
  const { cursor } = reader;
  if (!cursor.accept(':=')) cursor.expect('=');
  const first = cursor.position;
  const last = cursor.peek(1) === ',' || cursor.peek(1) === 'FOR' || cursor.position + 1 === cursor.count;
  const word = last ? cursor.acceptOneOf(valueWords) : null;
  const value: Expression =
    word === null
      ? reader.expression()
      : {
          kind: 'column',
          column: { schema: null, table: null, name: word.toLowerCase() },
          tokens: cursor.rangeFrom(first),
        };
  return { scope, name, value };
}

function readNames(reader: Reader, form: 'names' | 'characterSet'): StatementNode {
  const { cursor } = reader;
  const charset = readNameOrLiteral(reader);
  const collation = cursor.accept('COLLATE') ? readNameOrLiteral(reader) : { name: null, literal: null };
  return {
    kind: 'setNames',
    form,
    charset: charset.name,
    charsetLiteral: charset.literal,
    collation: collation.name,
    collationLiteral: collation.literal,
  };
}

function readNameOrLiteral(reader: Reader): {
  readonly name: string | null;
  readonly literal: number | null;
} {
  const { cursor } = reader;
  if (cursor.isLiteral()) return { name: null, literal: cursor.literal() };
  if (cursor.accept('DEFAULT')) return { name: null, literal: null };
  if (cursor.accept('BINARY')) return { name: 'binary', literal: null };
  return { name: cursor.name().toLowerCase(), literal: null };
}

function readRole(reader: Reader): string | null {
  const { cursor } = reader;
  if (cursor.accept('NONE')) return null;
  return cursor.name();
}

type SetTransaction = Extract<StatementNode, { kind: 'setTransaction' }>;

function readTransaction(reader: Reader, scope: SetTransaction['scope']): StatementNode {
  const { cursor } = reader;
  cursor.expect('TRANSACTION');
  let isolation: SetTransaction['isolation'] = null;
  let access: SetTransaction['access'] = null;
  reader.list(() => {
    if (cursor.accept('ISOLATION', 'LEVEL')) isolation = readIsolation(reader);
    else if (cursor.accept('READ', 'ONLY')) access = 'read';
    else if (cursor.accept('READ', 'WRITE')) access = 'write';
    else cursor.fail('a characteristic of transactions expected');
  });
  return { kind: 'setTransaction', scope, isolation, access };
}

function readIsolation(reader: Reader): SetTransaction['isolation'] {
  const { cursor } = reader;
  if (cursor.accept('READ', 'UNCOMMITTED')) return 'READ UNCOMMITTED';
  if (cursor.accept('READ', 'COMMITTED')) return 'READ COMMITTED';
  if (cursor.accept('REPEATABLE', 'READ')) return 'REPEATABLE READ';
  cursor.expect('SERIALIZABLE');
  return 'SERIALIZABLE';
}
