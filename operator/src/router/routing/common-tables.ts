/** Common table expressions, as far as their form forbids to look through them. */
import type { StatementShape } from '../sql/statement-shape.ts';

/** How often a query of WITH is read: two mentions can meet in rows of two slots, and have but one node. */
export function mentionsOf(shape: StatementShape, query: number): number {
  const sources = shape.scopes.flatMap((scope) => scope.sources);
  return sources.filter((source) => source.kind === 'commonTable' && source.query === query).length;
}

/** Whether `WITH name (a, b) AS` gives the query other names for its columns: the list of names is not in the shape. */
export function hasRenamedColumns(shape: StatementShape, query: number, digest: string): boolean {
  const names = shape.queries.flatMap(({ commonTables }) =>
    commonTables.filter((table) => table.query === query).map(({ name }) => name),
  );
  return names.some(
    (name) =>
      digest.endsWith('…') ||
      digest.includes(`${name} (`) ||
      digest.includes(`${name}\` (`) ||
      digest.includes(`${name}" (`),
  );
}
