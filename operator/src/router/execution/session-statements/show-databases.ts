/** SHOW DATABASES and SHOW CREATE DATABASE: keyspaces are databases to their clients. */
import type { StatementShape } from '../../sql/statement-shape.ts';
import { clientError } from '../errors.ts';
import { likePattern } from '../like-pattern.ts';
import { answerLocally } from '../local-answer.ts';
import { quoteName } from '../participants.ts';
import type { Statement } from '../statement.ts';
import type { SessionStatements } from './session-statements.ts';
import { textOfShown } from './shown-text.ts';

type Show = Extract<StatementShape, { readonly kind: 'show' }>;

/** Keyspaces and the server's own schemas, as one server would list them. */
export function showDatabases(
  statements: SessionStatements,
  { answer, hasMore, parsed }: Statement,
  shape: Show,
): void {
  const { execution } = statements;
  const pattern = shape.like === null ? undefined : likePattern(textOfShown(parsed.literal(shape.like)));
  const names = [...execution.topology().keyspaces.keys(), 'information_schema']
    .toSorted()
    .filter((name) => pattern === undefined || pattern.test(name));
  if (shape.where !== null) {
    throw clientError('notSupported', 'Shardwright does not support SHOW DATABASES WHERE. Use LIKE');
  }
  const column = shape.like === null ? 'Database' : `Database (${textOfShown(parsed.literal(shape.like))})`;
  answerLocally(
    answer,
    { columns: [column], rows: names.map((name) => [name]) },
    execution.status(hasMore),
    false,
  );
}

/** SHOW CREATE DATABASE of a keyspace. */
export function showCreateDatabase(
  { execution }: SessionStatements,
  statement: Statement,
  name: string,
): void {
  if (!execution.topology().keyspaces.has(name)) {
    throw clientError('unknownDatabase', `Unknown database '${name}'`);
  }
  const rows = [[name, `CREATE DATABASE ${quoteName(name)}`]];
  const status = execution.status(statement.hasMore);
  answerLocally(statement.answer, { columns: ['Database', 'Create Database'], rows }, status, false);
}
