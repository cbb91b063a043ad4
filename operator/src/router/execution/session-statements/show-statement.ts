/** SHOW and DESCRIBE: about the keyspace as one database, or about any server. */
import type { StatementShape } from '../../sql/statement-shape.ts';
import { textLiteral } from '../../session/session-variables.ts';
import { answerLocally } from '../local-answer.ts';
import { clientError } from '../errors.ts';
import { quoteText } from '../parameter-values.ts';
import { quoteName } from '../participants.ts';
import { processListText, visibleProcesses } from '../process-list.ts';
import { clientMessage } from '../server-message.ts';
import type { Statement } from '../statement.ts';
import { SYSTEM_SCHEMAS } from '../system-schemas.ts';
import { introspectionOf, placeOfSchema, placeOfTable } from './introspection-places.ts';
import type { SessionStatements } from './session-statements.ts';
import { showCreateDatabase, showDatabases } from './show-databases.ts';
import { showGrants } from './show-grants.ts';
import { type ShownList, shownListText, TABLE_STATUS, TRIGGERS } from './shown-lists.ts';
import { textOfShown } from './shown-text.ts';

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
    case 'PROCESSLIST': {
      const text = processListText(await visibleProcesses(statements.execution, signal), shape.full);
      await statements.runText(Buffer.from(text), { kind: 'anywhere', shard: null }, statement, signal);
      return;
    }
    case 'GRANTS':
      await showGrants(statements, statement, signal);
      return;
    case 'TABLE STATUS':
      await showList(statements, statement, shape, TABLE_STATUS, signal);
      return;
    case 'TRIGGERS':
      await showList(statements, statement, shape, TRIGGERS, signal);
      return;
    case 'EVENTS':
    case 'OPEN TABLES':
      await statements.runText(
        stripSchema(statement, shape),
        placeOfSchema(statements, shape.schema),
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
        placeOfTable(statements, schema, table.name),
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
    placeOfTable(statements, table.schema, table.name),
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
  const { keyspaces } = execution.topology();
  const rows = shown.map(({ level, code, message }) => [
    level,
    code,
    clientMessage({ errno: Number(code), message }, keyspaces),
  ]);
  answerLocally(answer, { columns: ['Level', 'Code', 'Message'], rows }, status, false);
}

/**
 * The databases behind the keyspace that a SHOW names, or the session's. Null where it names one of the server's own: any server has
 * then answered as it stands.
 */
async function databasesToShow(
  statements: SessionStatements,
  statement: Statement,
  shape: Show,
  signal: AbortSignal,
): Promise<(ReturnType<typeof introspectionOf> & { readonly schema: string }) | null> {
  const schema = shape.schema ?? statements.execution.session.schema;
  if (schema === null) {
    throw clientError('noDatabase', 'No database selected');
  }
  if (SYSTEM_SCHEMAS.has(schema.toLowerCase())) {
    const text = shape.schema === null ? inSystemSchema(statement.parsed.sql, schema) : statement.parsed.sql;
    await statements.runText(text, { kind: 'anywhere', shard: null }, statement, signal);
    return null;
  }
  return { schema, ...introspectionOf(statements, schema) };
}

const SHOWN_OF_SCHEMA = /^(\s*SHOW\s+(?:FULL\s+)?(?:TABLES|TABLE\s+STATUS|TRIGGERS))\b/i;

/** The text with the schema that it means: connections are never in one of the server's own. Throws ClientError. */
function inSystemSchema(text: Buffer, schema: string): Buffer {
  const shown = text.toString('latin1');
  if (!SHOWN_OF_SCHEMA.test(shown)) {
    throw clientError('notSupported', `Name the schema: SHOW TABLES FROM ${schema}`);
  }
  return Buffer.from(shown.replace(SHOWN_OF_SCHEMA, `$1 FROM ${quoteName(schema)}`), 'latin1');
}

/** Tables of all databases of a keyspace, by what one of its slots has. */
async function showTables(
  statements: SessionStatements,
  statement: Statement,
  shape: Show,
  signal: AbortSignal,
): Promise<void> {
  const shown = await databasesToShow(statements, statement, shape, signal);
  if (shown === null) {
    return;
  }
  const { schema, databases, place } = shown;
  const { parsed } = statement;
  const suffix = shape.like === null ? '' : ` (${textOfShown(parsed.literal(shape.like))})`;
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

async function showList(
  statements: SessionStatements,
  statement: Statement,
  shape: Show,
  list: ShownList,
  signal: AbortSignal,
): Promise<void> {
  const shown = await databasesToShow(statements, statement, shape, signal);
  if (shown === null) {
    return;
  }
  const { databases, place } = shown;
  const text = shownListText(list, databases, {
    like: shape.like === null ? null : likeText(statement, shape.like),
    where: shape.where === null ? null : statement.parsed.textOf(shape.where.tokens),
  });
  await statements.runText(Buffer.from(text), place, statement, signal);
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

function likeText({ parsed }: Statement, index: number): string {
  return `LIKE ${quoteText(textOfShown(parsed.literal(index)), parsed.dialect)}`;
}
