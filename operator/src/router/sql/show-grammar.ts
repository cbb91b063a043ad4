import type { TokenRange } from './expression.ts';
import type { Reader } from './reader.ts';
import type { StatementNode } from './statement-shape.ts';
import { readQualifiedName, readTableName } from './table-name-grammar.ts';

type ShowNode = Extract<StatementNode, { kind: 'show' }>;

/** What can be shown that is about a schema, or nothing but has LIKE and WHERE. */
const plainSubjects: readonly (readonly string[])[] = [
  ['TABLES'],
  ['TABLE', 'STATUS'],
  ['OPEN', 'TABLES'],
  ['TRIGGERS'],
  ['EVENTS'],
  ['DATABASES'],
  ['SCHEMAS'],
  ['VARIABLES'],
  ['STATUS'],
  ['PROCESSLIST'],
  ['ENGINES'],
  ['STORAGE', 'ENGINES'],
  ['PLUGINS'],
  ['PLUGINS', 'SONAME'],
  ['CHARACTER', 'SET'],
  ['CHARSET'],
  ['COLLATION'],
  ['PRIVILEGES'],
  ['PROCEDURE', 'STATUS'],
  ['FUNCTION', 'STATUS'],
  ['PACKAGE', 'STATUS'],
  ['PACKAGE', 'BODY', 'STATUS'],
  ['PROFILES'],
  ['MASTER', 'STATUS'],
  ['BINLOG', 'STATUS'],
  ['BINARY', 'LOGS'],
  ['MASTER', 'LOGS'],
  ['SLAVE', 'STATUS'],
  ['REPLICA', 'STATUS'],
  ['ALL', 'SLAVES', 'STATUS'],
  ['ALL', 'REPLICAS', 'STATUS'],
  ['SLAVE', 'HOSTS'],
  ['REPLICA', 'HOSTS'],
  ['AUTHORS'],
  ['CONTRIBUTORS'],
  ['LOCALES'],
  ['USER_STATISTICS'],
  ['TABLE_STATISTICS'],
  ['INDEX_STATISTICS'],
  ['CLIENT_STATISTICS'],
];
const schemaSubjects: ReadonlySet<string> = new Set([
  'TABLES',
  'TABLE STATUS',
  'OPEN TABLES',
  'TRIGGERS',
  'EVENTS',
]);
const columnWords: ReadonlySet<string> = new Set(['COLUMNS', 'FIELDS']);
const indexWords: ReadonlySet<string> = new Set(['INDEX', 'INDEXES', 'KEYS']);
const fromWords: ReadonlySet<string> = new Set(['FROM', 'IN']);
const conditionWords: ReadonlySet<string> = new Set(['WARNINGS', 'ERRORS']);
const scopeWords: ReadonlyMap<string, 'global' | 'session'> = new Map([
  ['GLOBAL', 'global'],
  ['SESSION', 'session'],
  ['LOCAL', 'session'],
]);
const createdTables: ReadonlySet<string> = new Set(['TABLE', 'VIEW', 'SEQUENCE']);
const createdSchemas: ReadonlySet<string> = new Set(['DATABASE', 'SCHEMA']);
const createdRoutines: ReadonlySet<string> = new Set([
  'PROCEDURE',
  'FUNCTION',
  'TRIGGER',
  'EVENT',
  'PACKAGE',
]);

const nothing = {
  full: false,
  scope: null,
  schema: null,
  schemaTokens: null,
  name: null,
  like: null,
  where: null,
};

/** Reads SHOW. */
export function readShow(reader: Reader): StatementNode {
  const { cursor } = reader;
  cursor.expect('SHOW');
  if (cursor.accept('EXPLAIN', 'FOR') || cursor.accept('ANALYZE', 'FOR')) {
    return { kind: 'explainConnection', id: reader.expression() };
  }
  if (cursor.accept('CREATE')) return readShowCreate(reader);
  cursor.accept('EXTENDED');
  const full = cursor.accept('FULL');
  const scope = scopeWords.get(cursor.peek()) ?? null;
  if (scope !== null) cursor.position++;
  if (columnWords.has(cursor.peek())) return readAboutTable(reader, 'COLUMNS', full);
  if (indexWords.has(cursor.peek())) return readAboutTable(reader, 'INDEX', full);
  if (cursor.accept('GRANTS')) return readGrants(reader);
  if (cursor.accept('COUNT', '(', '*', ')')) {
    const counted = cursor.acceptOneOf(conditionWords);
    if (counted === null) cursor.fail('WARNINGS or ERRORS expected');
    return show(`COUNT ${counted}`);
  }
  const conditions = cursor.acceptOneOf(conditionWords);
  if (conditions !== null) {
    if (cursor.accept('LIMIT')) reader.list(() => cursor.literal());
    return show(conditions);
  }
  if (cursor.accept('ENGINE')) {
    const name = cursor.name();
    const what = cursor.accept('MUTEX') ? 'MUTEX' : 'STATUS';
    if (what === 'STATUS') cursor.expect('STATUS');
    return { ...show(`ENGINE ${what}`), name };
  }
  const subject = plainSubjects.findLast((words) => cursor.at(...words));
  if (subject === undefined) return cursor.fail('something that can be shown expected');
  cursor.position += subject.length;
  const what = subject.join(' ');
  const from = schemaSubjects.has(what) ? readFromSchema(reader) : null;
  return { ...show(what), full, scope, ...from, ...readFilter(reader) };
}

function show(what: string): ShowNode {
  return { kind: 'show', what, ...nothing };
}

function readShowCreate(reader: Reader): ShowNode {
  const { cursor } = reader;
  const table = cursor.acceptOneOf(createdTables);
  if (table !== null) {
    readTableName(reader, 'read');
    return show(`CREATE ${table}`);
  }
  if (cursor.acceptOneOf(createdSchemas) !== null) {
    cursor.accept('IF', 'NOT', 'EXISTS');
    const first = cursor.position;
    const schema = cursor.name();
    return { ...show('CREATE DATABASE'), schema, schemaTokens: cursor.rangeFrom(first) };
  }
  if (cursor.accept('USER')) {
    cursor.position = cursor.count;
    return show('CREATE USER');
  }
  const routine = cursor.acceptOneOf(createdRoutines);
  if (routine === null) cursor.fail('something that can be shown expected');
  const body = routine === 'PACKAGE' && cursor.accept('BODY');
  const { name } = readQualifiedName(reader, 'object');
  return { ...show(`CREATE ${routine}${body ? ' BODY' : ''}`), name };
}

function readAboutTable(reader: Reader, what: string, full: boolean): ShowNode {
  const { cursor, builder } = reader;
  cursor.position++;
  if (cursor.acceptOneOf(fromWords) === null) cursor.fail('FROM expected');
  const index = readTableName(reader, 'read');
  const from = readFromSchema(reader);
  const table = builder.tables[index];
  if (from !== null && table !== undefined) table.schema = from.schema;
  return { ...show(what), full, ...from, ...readFilter(reader) };
}

function readGrants(reader: Reader): ShowNode {
  const { cursor } = reader;
  if (!cursor.ended && !cursor.at('FOR')) cursor.fail('FOR expected');
  cursor.position = cursor.count;
  return show('GRANTS');
}

function readFromSchema(
  reader: Reader,
): { readonly schema: string; readonly schemaTokens: TokenRange } | null {
  const { cursor } = reader;
  if (cursor.acceptOneOf(fromWords) === null) return null;
  const first = cursor.position;
  const schema = cursor.name();
  return { schema, schemaTokens: cursor.rangeFrom(first) };
}

function readFilter(reader: Reader): Pick<ShowNode, 'like' | 'where'> {
  const { cursor } = reader;
  if (cursor.accept('LIKE')) return { like: cursor.literal(), where: null };
  if (cursor.accept('WHERE')) return { like: null, where: reader.expression() };
  return { like: null, where: null };
}
