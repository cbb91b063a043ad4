/** SHOW and DESCRIBE: about the keyspace as one database, or about any server. */
import { assertNever } from '../../../runtime/assert-never.ts';
import { databaseOfSlot, sharedDatabase, unshardedDatabase } from '../../../core/keyspace/database-names.ts';
import type { Place } from '../../routing/route.ts';
import type { StatementShape } from '../../sql/statement-shape.ts';
import { textLiteral } from '../../session/session-variables.ts';
import { answerLocally } from '../local-answer.ts';
import { clientError } from '../errors.ts';
import { quoteText } from '../parameter-values.ts';
import { quoteName } from '../participants.ts';
import type { Statement } from '../statement.ts';
import { SYSTEM_SCHEMAS } from '../system-schemas.ts';
import type { SessionStatements } from './session-statements.ts';

type Show = Extract<StatementShape, { readonly kind: 'show' }>;
type Describe = Extract<StatementShape, { readonly kind: 'describe' }>;

/** Runs a SHOW. */
export async function runShow(
  statements: SessionStatements,
  statement: Statement,
  shape: Show,
  signal: AbortSignal,
): Promise<void> {
  const { parsed } = statement;
  switch (shape.what) {
    case 'WARNINGS':
    case 'ERRORS':
    case 'COUNT WARNINGS':
    case 'COUNT ERRORS':
      showDiagnostics(statements, statement, shape.what);
      return;
    case 'DATABASES':
    case 'SCHEMAS':
      showDatabases(statements, statement, shape);
      return;
    case 'CREATE DATABASE':
    case 'CREATE SCHEMA':
      showCreateDatabase(statements, statement, shape.schema ?? '');
      return;
    case 'TABLES':
      await showTables(statements, statement, shape, signal);
      return;
    case 'TABLE STATUS':
    case 'TRIGGERS':
    case 'EVENTS':
    case 'OPEN TABLES':
      await statements.runText(
        stripSchema(statement, shape),
        await placeOfSchema(statements, shape.schema),
        statement,
        signal,
      );
      return;
    default: {
      const [table] = shape.tables;
      if (table === undefined) {
        await statements.runText(parsed.sql, { kind: 'anywhere', shard: null }, statement, signal);
        return;
      }
      const schema = table.schema ?? shape.schema;
      await statements.runText(
        tableText(statement, shape, table.name),
        await placeOfTable(statements, schema, table.name),
        statement,
        signal,
      );
    }
  }
}

/** Runs a DESCRIBE. */
export async function runDescribe(
  statements: SessionStatements,
  statement: Statement,
  shape: Describe,
  signal: AbortSignal,
): Promise<void> {
  const [table] = shape.tables;
  if (table === undefined) {
    throw clientError('syntax', 'DESCRIBE needs a table');
  }
  const like =
    shape.column !== null
      ? ` ${quoteName(shape.column)}`
      : shape.like === null
        ? ''
        : ` ${likeText(statement, shape.like)}`;
  await statements.runText(
    Buffer.from(`DESCRIBE ${quoteName(table.name)}${like}`),
    await placeOfTable(statements, table.schema, table.name),
    statement,
    signal,
  );
}

/** What the last statement left, which the server connection that ran it may have forgotten. */
function showDiagnostics(
  { execution }: SessionStatements,
  { answer, hasMore }: Statement,
  what: string,
): void {
  const shown = execution.session.diagnostics.filter(
    ({ level }) => !what.endsWith('ERRORS') || level === 'Error',
  );
  const status = execution.status(hasMore);
  if (what.startsWith('COUNT')) {
    const name = what.endsWith('ERRORS') ? '@@session.error_count' : '@@session.warning_count';
    answerLocally(answer, { columns: [name], rows: [[String(shown.length)]] }, status, false);
    return;
  }
  const rows = shown.map(({ level, code, message }) => [level, code, message]);
  answerLocally(answer, { columns: ['Level', 'Code', 'Message'], rows }, status, false);
}

/** Keyspaces and the server's own schemas, as one server would list them. */
function showDatabases(
  statements: SessionStatements,
  { answer, hasMore, parsed }: Statement,
  shape: Show,
): void {
  const { execution } = statements;
  const pattern = shape.like === null ? undefined : likePattern(parsed.literal(shape.like));
  const names = [...execution.topology().keyspaces.keys(), 'information_schema']
    .toSorted()
    .filter((name) => pattern === undefined || pattern.test(name));
  if (shape.where !== null) {
    throw clientError('notSupported', 'Shardwright does not support SHOW DATABASES WHERE. Use LIKE');
  }
  const column = shape.like === null ? 'Database' : `Database (${textOfLiteral(parsed.literal(shape.like))})`;
  answerLocally(
    answer,
    { columns: [column], rows: names.map((name) => [name]) },
    execution.status(hasMore),
    false,
  );
}

function showCreateDatabase({ execution }: SessionStatements, statement: Statement, name: string): void {
  if (!execution.topology().keyspaces.has(name)) {
    throw clientError('unknownDatabase', `Unknown database '${name}'`);
  }
  const rows = [[name, `CREATE DATABASE ${quoteName(name)}`]];
  const status = execution.status(statement.hasMore);
  answerLocally(statement.answer, { columns: ['Database', 'Create Database'], rows }, status, false);
}

/** Tables of all databases of a keyspace, by what one of its slots has. */
async function showTables(
  statements: SessionStatements,
  statement: Statement,
  shape: Show,
  signal: AbortSignal,
): Promise<void> {
  const schema = shape.schema ?? statements.execution.session.schema;
  if (schema === null) {
    throw clientError('noDatabase', 'No database selected');
  }
  if (SYSTEM_SCHEMAS.has(schema.toLowerCase())) {
    await statements.runText(statement.parsed.sql, { kind: 'anywhere', shard: null }, statement, signal);
    return;
  }
  const { databases, place } = introspectionOf(statements, schema);
  const { parsed } = statement;
  const suffix = shape.like === null ? '' : ` (${textOfLiteral(parsed.literal(shape.like))})`;
  const name = quoteName(`Tables_in_${schema}${suffix}`);
  const plainName = quoteName(`Tables_in_${schema}`);
  const conditions = [
    ...(shape.like === null ? [] : [`${plainName} ${likeText(statement, shape.like)}`]),
    ...(shape.where === null ? [] : [`(${parsed.textOf(shape.where.tokens)})`]),
  ];
  const text =
    `SELECT ${plainName} AS ${name}${shape.full ? ', Table_type' : ''} FROM (SELECT TABLE_NAME AS ${plainName}, ` +
    `TABLE_TYPE AS Table_type FROM information_schema.TABLES WHERE TABLE_SCHEMA IN (${databases.map((database) => textLiteral(database)).join(', ')})) AS tables` +
    `${conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`} ORDER BY 1`;
  await statements.runText(Buffer.from(text), place, statement, signal);
}

/** The databases that show what a keyspace is made of, and where all of them are. */
export function introspectionOf(
  { execution }: SessionStatements,
  keyspace: string,
): { readonly databases: readonly string[]; readonly place: Place } {
  const topology = execution.topology();
  const places = topology.places.get(keyspace);
  const configuration = topology.keyspaces.get(keyspace);
  if (places === undefined || configuration === undefined) {
    throw clientError('unknownDatabase', `Unknown database '${keyspace}'`);
  }
  const [slot] = configuration.slotsByShard.get(places.homeShard) ?? [];
  return {
    databases: [
      unshardedDatabase(keyspace),
      sharedDatabase(keyspace),
      ...(slot === undefined ? [] : [databaseOfSlot(keyspace, slot)]),
    ],
    place: { kind: 'unsharded', keyspace },
  };
}

/** Where one database shows what is asked about a whole keyspace: a slot, which has the sharded tables. */
async function placeOfSchema(statements: SessionStatements, named: string | null): Promise<Place> {
  const { execution } = statements;
  const schema = named ?? execution.session.schema;
  if (schema === null) {
    throw clientError('noDatabase', 'No database selected');
  }
  return slotPlaceOf(statements, schema);
}

function slotPlaceOf({ execution }: SessionStatements, keyspace: string): Place {
  const configuration = execution.topology().keyspaces.get(keyspace);
  if (configuration === undefined) {
    if (SYSTEM_SCHEMAS.has(keyspace.toLowerCase())) {
      return { kind: 'anywhere', shard: null };
    }
    throw clientError('unknownDatabase', `Unknown database '${keyspace}'`);
  }
  const [slot] = configuration.slots;
  return slot === undefined ? { kind: 'unsharded', keyspace } : { kind: 'slot', keyspace, slot };
}

/** Where a table is, by how the map keeps it; of a sharded one, some slot. */
export async function placeOfTable(
  statements: SessionStatements,
  named: string | null,
  table: string,
): Promise<Place> {
  const { execution } = statements;
  const schema = named ?? execution.session.schema;
  if (schema === null) {
    throw clientError('noDatabase', 'No database selected');
  }
  const configuration = execution.topology().keyspaces.get(schema);
  const kind = configuration?.table(table).kind;
  switch (kind) {
    case 'reference':
      return { kind: 'shared', keyspace: schema, shard: null };
    case 'unsharded':
      return { kind: 'unsharded', keyspace: schema };
    case 'sharded':
    case undefined:
      return slotPlaceOf(statements, schema);
    default:
      return assertNever(kind);
  }
}

/** The statement about a table of the current database. */
function tableText(statement: Statement, shape: Show, table: string): Buffer {
  const { parsed } = statement;
  const name = quoteName(table);
  if (shape.what.startsWith('CREATE')) {
    return Buffer.from(`SHOW ${shape.what} ${name}`);
  }
  const where = shape.where === null ? '' : ` WHERE ${parsed.textOf(shape.where.tokens)}`;
  const like = shape.like === null ? '' : ` ${likeText(statement, shape.like)}`;
  return Buffer.from(`SHOW ${shape.full ? 'FULL ' : ''}${shape.what} FROM ${name}${like}${where}`);
}

function stripSchema(statement: Statement, shape: Show): Buffer {
  const where = shape.where === null ? '' : ` WHERE ${statement.parsed.textOf(shape.where.tokens)}`;
  const like = shape.like === null ? '' : ` ${likeText(statement, shape.like)}`;
  return Buffer.from(`SHOW ${shape.full ? 'FULL ' : ''}${shape.what}${like}${where}`);
}

function textOfLiteral(literal: ReturnType<Statement['parsed']['literal']>): string {
  switch (literal.kind) {
    case 'number':
      return literal.text;
    case 'string':
    case 'bytes':
      return literal.bytes.toString();
    case 'parameter':
      throw clientError('notSupported', 'Shardwright does not support parameters in SHOW');
    default:
      return assertNever(literal);
  }
}

function likeText({ parsed }: Statement, index: number): string {
  return `LIKE ${quoteText(textOfLiteral(parsed.literal(index)), parsed.dialect)}`;
}

/** A pattern of LIKE for short names: `%` and `_`, without case. */
function likePattern(literal: ReturnType<Statement['parsed']['literal']>): RegExp {
  const source = textOfLiteral(literal).replaceAll(
    /\\([%_])|[.*+?^${}()|[\]\\%_]/g,
    (match, escaped: string | undefined) => {
      if (escaped !== undefined) {
        return escaped;
      }
      return match === '%' ? '.*' : match === '_' ? '.' : `\\${match}`;
    },
  );
  return new RegExp(`^${source}$`, 'i');
}
