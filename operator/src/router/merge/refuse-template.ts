import { CannotMerge, type ScatterScope } from './scatter-select.ts';

/** Options that a SELECT in FROM may have. */
const ANYWHERE: ReadonlySet<string> = new Set(['STRAIGHT_JOIN', 'SQL_SMALL_RESULT', 'SQL_BIG_RESULT']);

/** Refuses what cannot stand in FROM, where the columns of a calculation have their types from. @throws CannotMerge */
export function refuseTemplate({ shape, query, scope }: ScatterScope): void {
  if (shape.settings.length > 0 || shape.queries.some(({ commonTables }) => commonTables.length > 0)) {
    throw new CannotMerge(
      'WITH or SET STATEMENT, and an expression around aggregates over several slots',
      'Write the query in FROM, and set variables before; or select the aggregates alone',
    );
  }
  const [option] = scope.options.filter((name) => !ANYWHERE.has(name));
  if (option !== undefined) {
    throw new CannotMerge(
      `${option}, and an expression around aggregates over several slots`,
      'Leave it out, or select the aggregates alone',
    );
  }
  if (query.lock !== null) {
    throw new CannotMerge(
      'FOR UPDATE or LOCK IN SHARE MODE, and an expression around aggregates over several slots',
      'Select the aggregates alone',
    );
  }
}
