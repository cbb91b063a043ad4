/** Which sharded table's key a column is, where it may be looked for through queries. */
import type { KeyRule } from '../../core/keyspace/key-rule.ts';
import type { ColumnName, Expression } from '../sql/expression.ts';
import type { Query } from '../sql/query-shape.ts';
import type { StatementShape } from '../sql/statement-shape.ts';
import { ColumnResolver } from './column-resolution.ts';
import { hasRenamedColumns, mentionsOf } from './common-tables.ts';
import type { KeyOf } from './key-constraint.ts';
import type { MentionedTable } from './mentioned-tables.ts';
import { reachableScopes } from './reachable-scopes.ts';
import { haveSameKeys } from './same-keys.ts';
import { unionParts } from './union-parts.ts';

/** One mention of a sharded table. */
export interface KeyNode {
  /** Index into the shape's `tables`. */
  readonly table: number;
  /** Its scope; null outside of any. */
  readonly scope: number | null;
  readonly name: string;
  /** Null for a view, and for a table whose key column is missing or of a type that is no key. */
  readonly key: KeyOf | null;
}

/**
 * Follows columns to the sharded tables that they are keys of: through derived tables and common table expressions that are
 * *transparent*, which means that over a part of the rows they give a part of their rows.
 */
export class KeyOrigins {
  /** One for each mention of a sharded table, in the order of the statement. */
  readonly nodes: readonly KeyNode[];
  readonly resolver: ColumnResolver;
  readonly #shape: StatementShape;
  readonly #digest: string;
  /** Node by scope and source. */
  readonly #nodeAt = new Map<string, number>();
  readonly #transparent = new Set<number>();
  readonly #opaque = new Set<number>();

  /** `digest` tells whether a common table expression renames its columns. */
  constructor(shape: StatementShape, tables: readonly MentionedTable[], digest: string) {
    this.#shape = shape;
    this.#digest = digest;
    this.resolver = new ColumnResolver(shape, tables);
    this.nodes = [...tables.entries()]
      .filter(([, mentioned]) => mentioned.kind === 'sharded')
      .map(([table, mentioned], node) => {
        this.#place(table, mentioned, node);
        return nodeOfTable(table, mentioned);
      });
  }

  /** The node whose key a column of one of the sources that a condition binds is; null for any other. */
  boundNode(scope: number, binds: readonly number[], column: ColumnName): number | null {
    const position = this.resolver.resolve(scope, column);
    return position !== null && position.scope === scope && binds.includes(position.source)
      ? this.nodeOf(scope, column)
      : null;
  }

  /** The node whose key column a column is, through transparent queries; null for any other. */
  nodeOf(scope: number, column: ColumnName): number | null {
    return this.#nodeOf(scope, column, 0);
  }

  #nodeOf(scope: number, column: ColumnName, depth: number): number | null {
    const position = this.resolver.resolve(scope, column);
    if (position === null || depth > this.#shape.queries.length) {
      return null;
    }
    const node = this.#nodeAt.get(`${position.scope}:${position.source}`);
    if (node !== undefined) {
      return this.nodes[node]?.key?.column === column.name ? node : null;
    }
    const source = this.#shape.scopes[position.scope]?.sources[position.source];
    if ((source?.kind !== 'derived' && source?.kind !== 'commonTable') || !this.isTransparent(source.query)) {
      return null;
    }
    if (source.kind === 'derived' && source.renamed) {
      return null;
    }
    return this.#nodeOfOutput(source.query, column.name, depth + 1);
  }

  /** The node whose key a query gives as its column of that name. */
  #nodeOfOutput(query: number, name: string, depth: number): number | null {
    const body = this.#shape.queries[query]?.body;
    const scope = body?.kind === 'select' ? this.#shape.scopes[body.scope] : undefined;
    if (body?.kind !== 'select' || scope === undefined) {
      return null;
    }
    const nodes = new Set<number | null>();
    for (const { expression, alias } of scope.items) {
      if (expression.kind === 'star') {
        const table = expression.table;
        for (const source of scope.sources) {
          const columns = table === null || source.name === table ? this.resolver.columnsOf(source) : [];
          if (columns === null) {
            return null;
          }
          if (columns.includes(name)) {
            nodes.add(this.#nodeOf(body.scope, { schema: null, table: source.name, name }, depth));
          }
        }
      } else if (expression.kind === 'column' && (alias?.toLowerCase() ?? expression.column.name) === name) {
        nodes.add(this.#nodeOf(body.scope, expression.column, depth));
      } else if (alias?.toLowerCase() === name) {
        nodes.add(null);
      }
    }
    const [node = null] = nodes;
    return nodes.size === 1 ? node : null;
  }

  /** Whether a query's rows in a slot are a part of all its rows. */
  isTransparent(query: number): boolean {
    if (this.#transparent.has(query)) {
      return true;
    }
    // Asked for again while it is being found out: it is recursive.
    if (this.#opaque.has(query)) {
      return false;
    }
    this.#opaque.add(query);
    const shape = this.#shape.queries[query];
    if (shape !== undefined && this.#keepsParts(shape, query)) {
      this.#opaque.delete(query);
      this.#transparent.add(query);
      return true;
    }
    return false;
  }

  /** Whether a query over a part of the rows gives a part of its rows. */
  #keepsParts(query: Query, index: number): boolean {
    const isPlain = query.limit === null && query.into === null;
    if (
      !isPlain ||
      hasRenamedColumns(this.#shape, index, this.#digest) ||
      mentionsOf(this.#shape, index) > 1
    ) {
      return false;
    }
    if (query.body.kind === 'select') {
      return this.#scopeKeepsParts(query.body.scope);
    }
    const parts = unionParts(this.#shape, query.body);
    // A part without a sharded table would come from every slot; and equal rows of several slots are one.
    return (
      parts?.groups.every(({ scopes, isDistinct }) => !isDistinct || this.#haveKeyInOnePlace(scopes)) ===
        true && parts.scopes.every((scope) => this.#hasNode(scope) && this.#scopeKeepsParts(scope))
    );
  }

  #hasNode(scope: number): boolean {
    const own = reachableScopes(this.#shape, [scope]);
    return this.nodes.some((node) => node.scope !== null && own.has(node.scope));
  }

  /** Whether the key is the same column of all these select lists, so that rows which are equal are of one slot. */
  #haveKeyInOnePlace([first = -1, ...others]: readonly number[]): boolean {
    const places = this.#shape.scopes[first]?.items.keys() ?? [];
    return [...places].some((place) => {
      const rule = this.#keyAt(first, place);
      return (
        rule !== null &&
        others.every((other) => {
          const otherRule = this.#keyAt(other, place);
          return otherRule !== null && haveSameKeys(rule, otherRule);
        })
      );
    });
  }

  /** The rule of the key that is at a place of a select list; null for anything else. */
  #keyAt(scope: number, place: number): KeyRule | null {
    const items = this.#shape.scopes[scope]?.items ?? [];
    const expression = items[place]?.expression;
    const isCertain = items.every((item) => item.expression.kind !== 'star');
    if (!isCertain || expression?.kind !== 'column' || !this.isKey(scope, expression)) {
      return null;
    }
    const node = this.nodeOf(scope, expression.column);
    return node === null ? null : (this.nodes[node]?.key?.rule ?? null);
  }

  #scopeKeepsParts(scopeIndex: number): boolean {
    const scope = this.#shape.scopes[scopeIndex];
    if (scope === undefined || scope.rollup || scope.joins.natural) {
      return false;
    }
    const isGrouped = scope.aggregates || scope.groupBy.length > 0;
    const hasKey = (by: readonly Expression[]): boolean => by.some((each) => this.isKey(scopeIndex, each));
    const groups = scope.groupBy.map(({ expression }) => this.#grouped(scopeIndex, expression));
    const selected = scope.items.map(({ expression }) => expression);
    return (
      scope.windows.every(hasKey) && (!isGrouped || hasKey(groups)) && (!scope.distinct || hasKey(selected))
    );
  }

  /** Whether an expression is a key, in each row: where a row is missing, it is NULL, and that is in every slot. */
  isKey(scope: number, expression: Expression): boolean {
    if (expression.kind === 'star') {
      const sources = this.#shape.scopes[scope]?.sources ?? [];
      return sources.some((source, index) => {
        const { name } = source;
        const key = this.nodes[this.#nodeAt.get(`${scope}:${index}`) ?? -1]?.key ?? null;
        return (
          (expression.table ?? name) === name &&
          key !== null &&
          this.resolver.columnsOf(source)?.includes(key.column) === true &&
          this.#isPresent(scope, { schema: null, table: name, name: key.column })
        );
      });
    }
    return (
      expression.kind === 'column' &&
      this.nodeOf(scope, expression.column) !== null &&
      this.#isPresent(scope, expression.column)
    );
  }

  /** What an element of GROUP BY means: a column, or else the column that has it as its alias. */
  #grouped(scope: number, expression: Expression): Expression {
    if (
      expression.kind !== 'column' ||
      expression.column.table !== null ||
      this.resolver.resolve(scope, expression.column) !== null
    ) {
      return expression;
    }
    const items = this.#shape.scopes[scope]?.items ?? [];
    const [item, other] = items.filter(({ alias }) => alias?.toLowerCase() === expression.column.name);
    return item === undefined || other !== undefined ? expression : item.expression;
  }

  /** Whether no outer join leaves out the row of a key column, there or within derived tables. */
  #isPresent(scope: number, column: ColumnName): boolean {
    const position = this.resolver.resolve(scope, column);
    const inner = position === null ? undefined : this.#shape.scopes[position.scope];
    const source = position === null ? undefined : inner?.sources[position.source];
    if (
      position === null ||
      source === undefined ||
      inner?.joins.optional.includes(position.source) === true
    ) {
      return false;
    }
    if (source.kind !== 'derived' && source.kind !== 'commonTable') {
      return true;
    }
    const body = this.#shape.queries[source.query]?.body;
    const items = body?.kind === 'select' ? (this.#shape.scopes[body.scope]?.items ?? []) : [];
    const [item] = items.filter(
      ({ expression, alias }) =>
        expression.kind === 'column' && (alias?.toLowerCase() ?? expression.column.name) === column.name,
    );
    // Of a star it is not looked up which of its tables has the column.
    return body?.kind === 'select' && item?.expression.kind === 'column'
      ? this.#isPresent(body.scope, item.expression.column)
      : body?.kind === 'select' && this.#shape.scopes[body.scope]?.joins.outer === false;
  }

  #place(table: number, { reference }: MentionedTable, node: number): void {
    const sources = reference.scope === null ? [] : (this.#shape.scopes[reference.scope]?.sources ?? []);
    const source = sources.findIndex((candidate) => candidate.kind === 'table' && candidate.table === table);
    if (source >= 0) {
      this.#nodeAt.set(`${reference.scope}:${source}`, node);
    }
  }
}

function nodeOfTable(table: number, { reference, description }: MentionedTable): KeyNode {
  const key = description?.isView === true ? null : (description?.key ?? null);
  return {
    table,
    scope: reference.scope,
    name: reference.name,
    key:
      key === null || key.rule.kind === 'refused'
        ? null
        : { table: reference.name, column: key.column, rule: key.rule },
  };
}
