/** Which source a column's name means. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { ColumnName } from '../sql/expression.ts';
import type { Query, QueryBody, Scope, Source } from '../sql/query-shape.ts';
import type { StatementShape } from '../sql/statement-shape.ts';
import type { MentionedTable } from './mentioned-tables.ts';

/** A source of a scope, by index. */
export interface SourcePosition {
  readonly scope: number;
  readonly source: number;
}

/** Deepest nesting of queries that is looked into; a recursive common table expression has no end. */
const MAX_DEPTH = 32;

/** Finds what columns mean in one statement. */
export class ColumnResolver {
  readonly #shape: StatementShape;
  readonly #tables: readonly MentionedTable[];

  constructor(shape: StatementShape, tables: readonly MentionedTable[]) {
    this.#shape = shape;
    this.#tables = tables;
  }

  /** The source that a column's name means in a scope; null where that is not certain. */
  resolve(scope: number, column: ColumnName): SourcePosition | null {
    for (let index: number | null = scope; index !== null;) {
      const found: SourcePosition | 'unknown' | 'none' = this.#resolveIn(index, column);
      if (found === 'unknown') {
        return null;
      }
      if (found !== 'none') {
        return found;
      }
      index = this.#shape.scopes[index]?.parent ?? null;
    }
    return null;
  }

  /** Names of a source's columns, in lower case and in their order; null where they are not known. */
  columnsOf(source: Source, depth = 0): readonly string[] | null {
    switch (source.kind) {
      case 'table':
        return (
          this.#tables[source.table]?.description?.columns
            .filter(({ invisible }) => !invisible)
            .map(({ name }) => name) ?? null
        );
      case 'derived':
      case 'commonTable': {
        const query = this.#shape.queries[source.query];
        const isRenamed = source.kind === 'derived' && source.renamed;
        return query === undefined || isRenamed || depth > MAX_DEPTH
          ? null
          : this.#columnsOfQuery(query, depth + 1);
      }
      case 'tableFunction':
        return null;
      default:
        return assertNever(source);
    }
  }

  /** The outermost-left SELECT of a query, which names its columns; null where it is none. */
  namingScope(query: Query): number | null {
    let body: QueryBody = query.body;
    for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
      if (body.kind === 'select') {
        return body.scope;
      }
      if (body.kind === 'values') {
        return null;
      }
      const next: QueryBody | undefined =
        body.kind === 'set' ? body.left : this.#shape.queries[body.query]?.body;
      if (next === undefined) {
        return null;
      }
      body = next;
    }
    return null;
  }

  #resolveIn(index: number, { table, name }: ColumnName): SourcePosition | 'unknown' | 'none' {
    const scope = this.#shape.scopes[index];
    if (scope === undefined) {
      return 'unknown';
    }
    if (table !== null) {
      const named = scope.sources.flatMap((source, position) => (source.name === table ? [position] : []));
      const [source] = named;
      if (named.length > 1) {
        return 'unknown';
      }
      return source === undefined ? 'none' : { scope: index, source };
    }
    const holders: number[] = [];
    for (const [position, source] of scope.sources.entries()) {
      const holds = this.#holds(source, name);
      if (holds === null) {
        return scope.sources.length === 1 && scope.parent === null ? { scope: index, source: 0 } : 'unknown';
      }
      if (holds) {
        holders.push(position);
      }
    }
    const [first] = holders;
    if (first === undefined) {
      return 'none';
    }
    return holders.length === 1 || this.#areJoinedUsing(scope, name, holders)
      ? { scope: index, source: first }
      : 'unknown';
  }

  /** Whether a source has a column; null where that is not known. */
  #holds(source: Source, column: string): boolean | null {
    if (source.kind === 'table') {
      return this.#tables[source.table]?.description?.columns.some(({ name }) => name === column) ?? null;
    }
    return this.columnsOf(source)?.includes(column) ?? null;
  }

  #areJoinedUsing(scope: Scope, column: string, holders: readonly number[]): boolean {
    const [first, ...others] = holders;
    return others.every((other) =>
      scope.conjuncts.some(
        (conjunct) =>
          conjunct.kind === 'using' &&
          conjunct.column === column &&
          conjunct.right.includes(other) &&
          conjunct.left.some((left) => left === first || holders.includes(left)),
      ),
    );
  }

  #columnsOfQuery(query: Query, depth: number): readonly string[] | null {
    const index = this.namingScope(query);
    const scope = index === null ? undefined : this.#shape.scopes[index];
    if (scope === undefined) {
      return null;
    }
    const columns: string[] = [];
    for (const { expression, alias, aliasLiteral } of scope.items) {
      if (expression.kind === 'star') {
        const sources = scope.sources.filter(
          ({ name }) => expression.table === null || name === expression.table,
        );
        for (const source of sources) {
          const names = this.columnsOf(source, depth);
          if (names === null) {
            return null;
          }
          columns.push(...names);
        }
      } else if (alias !== null) {
        columns.push(alias.toLowerCase());
      } else if (aliasLiteral !== null) {
        return null;
      } else if (expression.kind === 'column') {
        columns.push(expression.column.name);
      } else {
        // Called by its text, which no plain column name is.
        columns.push('');
      }
    }
    return columns;
  }
}
