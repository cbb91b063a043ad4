import type { TokenRange } from './expression.ts';
import type { Query, SchemaQualifier, Scope, TableReference } from './query-shape.ts';
import type { Edit } from './rewrite.ts';
import type { InsertRow } from './statement-shape.ts';

/** A name in backticks, whatever is in it. */
export function quoteName(name: string): string {
  // Looked for first: nearly no name has one, and replacing costs more than the rest.
  return `\`${name.includes('`') ? name.replaceAll('`', '``') : name}\``;
}

/** Puts a table into a database: its mention gets that qualifier in place of the one it has. Null leaves none. */
export function placeTable(table: TableReference, database: string | null): Edit {
  const qualifier = database === null ? '' : `${quoteName(database)}.`;
  return { tokens: table.tokens, text: `${qualifier}${quoteName(table.name)}` };
}

/**
 * Replaces a qualifier by another database's name, or removes it for null. For those of tables use either this or `placeTable`. A
 * removed qualifier leaves a name that may be reserved: it is quoted, with the tokens of the name.
 */
export function replaceQualifier(qualifier: SchemaQualifier, database: string | null): Edit {
  if (database !== null) return { tokens: qualifier.tokens, text: `${quoteName(database)}.` };
  const tokens: TokenRange = { first: qualifier.tokens.first, end: qualifier.tokens.end + 1 };
  return { tokens, text: quoteName(qualifier.name) };
}

/** Adds elements at the end of a select list. */
export function appendItems(scope: Scope, items: readonly string[]): Edit {
  const { end } = scope.itemTokens;
  return { tokens: { first: end, end }, text: `, ${items.join(', ')}` };
}

/** Adds elements at the beginning of a select list. */
export function prependItems(scope: Scope, items: readonly string[]): Edit {
  const { first } = scope.itemTokens;
  return { tokens: { first, end: first }, text: `${items.join(', ')},` };
}

/** Replaces a whole select list. */
export function replaceItems(scope: Scope, items: readonly string[]): Edit {
  return { tokens: scope.itemTokens, text: items.join(', ') };
}

/** Replaces the LIMIT of a query, or removes it for null; gives it one where it had none. Null when there is nothing to do. */
export function replaceLimit(query: Query, count: bigint | null): Edit | null {
  const text = count === null ? '' : `LIMIT ${String(count)}`;
  if (query.limit !== null) return { tokens: query.limit.tokens, text };
  if (count === null) return null;
  const end = query.limitPlace;
  return { tokens: { first: end, end }, text };
}

/** Leaves of a multi-row INSERT the rows with these indexes, in that order. */
export function keepRows(rows: readonly InsertRow[], indexes: readonly number[]): Edit {
  return keepRanges(
    rows.map((row) => row.tokens),
    indexes,
  );
}

/** Leaves of an IN list (`elements` of its conjunct) those with these indexes, in that order. */
export function keepElements(elements: readonly TokenRange[], indexes: readonly number[]): Edit {
  return keepRanges(elements, indexes);
}

function keepRanges(ranges: readonly TokenRange[], indexes: readonly number[]): Edit {
  const first = ranges[0];
  const last = ranges.at(-1);
  if (first === undefined || last === undefined || indexes.length === 0) {
    throw new RangeError('a list of nothing cannot be written');
  }
  const keep = indexes.map((index) => {
    const range = ranges[index];
    if (range === undefined) throw new RangeError(`the list has no element ${String(index)}`);
    return range;
  });
  return { tokens: { first: first.first, end: last.end }, keep };
}
