/**
 * Which sharded tables of a statement can only meet rows of their own slot, and which keys they are bound to.
 *
 * A node is one mention of a sharded table as a source of rows. Nodes whose keys are equal in every row that gets through are of one
 * class. A class *hangs on* another when its rows count only together with a row of the other that has the same key: the inner side
 * of LEFT JOIN … ON its key, a subquery that compares its key with one outside. What hangs on nothing is a root. With one root, each
 * slot can answer for its own rows; with several, all of them have to be bound to one slot.
 */
import type { ColumnName } from '../sql/expression.ts';
import type { Conjunct, Query, Scope } from '../sql/query-shape.ts';
import type { StatementShape } from '../sql/statement-shape.ts';
import { ColumnResolver } from './column-resolution.ts';
import { constantOf, type KeyConstraint, type KeyOf } from './key-constraint.ts';
import { type KeyComponent, KeyClasses } from './key-classes.ts';
import { haveSameKeys } from './same-keys.ts';
import type { MentionedTable } from './mentioned-tables.ts';

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

/** The outcome. */
export interface KeyGraph {
  readonly nodes: readonly KeyNode[];
  readonly components: readonly KeyComponent[];
  /** Name of a table whose key is not known, if there is one. */
  readonly unusable: string | null;
  /** Names of the key columns with constraints, for explanations. */
  readonly boundKeys: string;
  readonly resolver: ColumnResolver;
  /** Queries whose rows in a slot are a part of all their rows; by index. Derived tables that are none forbid a scatter. */
  readonly transparent: ReadonlySet<number>;
  /** The node whose key column a column is, through transparent derived tables; null for any other. */
  readonly nodeOf: (scope: number, column: ColumnName) => number | null;
  /** Whether the keys of two nodes are equal in each row. */
  readonly areEqual: (left: number, right: number) => boolean;
}

/** Finds nodes, classes and roots. `digest` tells whether a common table expression renames its columns. */
export function buildKeyGraph(
  shape: StatementShape,
  tables: readonly MentionedTable[],
  digest: string,
): KeyGraph {
  return new GraphBuilder(shape, tables, digest).build();
}

class GraphBuilder {
  readonly #shape: StatementShape;
  readonly #digest: string;
  readonly #resolver: ColumnResolver;
  readonly #nodes: KeyNode[] = [];
  /** Node by scope and source. */
  readonly #nodeAt = new Map<string, number>();
  readonly #classes = new KeyClasses();
  readonly #transparent = new Set<number>();
  readonly #opaque = new Set<number>();

  constructor(shape: StatementShape, tables: readonly MentionedTable[], digest: string) {
    this.#shape = shape;
    this.#digest = digest;
    this.#resolver = new ColumnResolver(shape, tables);
    for (const [table, mentioned] of tables.entries()) {
      if (mentioned.kind === 'sharded') {
        this.#addNode(table, mentioned);
      }
    }
  }

  build(): KeyGraph {
    for (const [scope, { conjuncts }] of this.#shape.scopes.entries()) {
      for (const conjunct of conjuncts) {
        this.#connect(scope, conjunct);
      }
    }
    // Constraints need no order; what hangs on what is read once all classes are known.
    const components = this.#classes.components();
    const bound = components.flatMap(({ constraints }) =>
      constraints.map(({ key }) => `${key.table}.${key.column}`),
    );
    return {
      nodes: this.#nodes,
      components,
      unusable: this.#nodes.find(({ key }) => key === null)?.name ?? null,
      boundKeys: [...new Set(bound)].join(' and '),
      resolver: this.#resolver,
      transparent: new Set([...this.#shape.queries.keys()].filter((query) => this.#isTransparent(query))),
      nodeOf: (scope, column) => this.#nodeOf(scope, column),
      areEqual: (left, right) => this.#classes.areEqual(left, right),
    };
  }

  #addNode(table: number, { reference, description }: MentionedTable): void {
    const node = this.#nodes.length;
    const key = description?.isView === true ? null : (description?.key ?? null);
    this.#nodes.push({
      table,
      scope: reference.scope,
      name: reference.name,
      key:
        key === null || key.rule.kind === 'refused'
          ? null
          : { table: reference.name, column: key.column, rule: key.rule },
    });
    this.#classes.add();
    const sources = reference.scope === null ? [] : (this.#shape.scopes[reference.scope]?.sources ?? []);
    const source = sources.findIndex((candidate) => candidate.kind === 'table' && candidate.table === table);
    if (source >= 0) {
      this.#nodeAt.set(`${reference.scope}:${source}`, node);
    }
  }

  #connect(scope: number, conjunct: Conjunct): void {
    switch (conjunct.kind) {
      case 'equal': {
        const value = constantOf(conjunct.value);
        if (value !== null) {
          this.#constrain(scope, conjunct, (key) => ({
            kind: 'values',
            key,
            values: [value],
            elements: null,
          }));
        }
        return;
      }
      case 'in': {
        const values = conjunct.values.map(constantOf).filter((value) => value !== null);
        if (values.length === conjunct.values.length) {
          const { elements } = conjunct;
          this.#constrain(scope, conjunct, (key) => ({ kind: 'values', key, values, elements }));
        }
        return;
      }
      case 'range': {
        const low = conjunct.low === null ? null : constantOf(conjunct.low.value);
        const high = conjunct.high === null ? null : constantOf(conjunct.high.value);
        if (low !== null || high !== null) {
          this.#constrain(scope, conjunct, (key) => ({ kind: 'range', key, low, high }));
        }
        return;
      }
      case 'columnsEqual':
        // NULL <=> NULL joins rows without a partner, which are in any slot.
        if (!conjunct.nullSafe) {
          this.#equate(scope, conjunct.binds, conjunct.left, conjunct.right);
        }
        return;
      case 'using':
        this.#connectUsing(scope, conjunct);
        return;
      case 'inQuery':
        this.#connectQuery(scope, conjunct);
    }
  }

  #constrain(
    scope: number,
    { binds, column }: { readonly binds: readonly number[]; readonly column: ColumnName },
    make: (key: KeyOf) => KeyConstraint,
  ): void {
    const node = this.#boundNode(scope, binds, column);
    const key = node === null ? null : (this.#nodes[node]?.key ?? null);
    if (node !== null && key !== null) {
      this.#classes.constrain(node, make(key));
    }
  }

  #equate(scope: number, binds: readonly number[], left: ColumnName, right: ColumnName): void {
    const leftNode = this.#nodeOf(scope, left);
    const rightNode = this.#nodeOf(scope, right);
    if (leftNode !== null && rightNode !== null && this.#areComparable(leftNode, rightNode)) {
      const isLeftBound = this.#boundNode(scope, binds, left) !== null;
      const isRightBound = this.#boundNode(scope, binds, right) !== null;
      this.#classes.join(leftNode, isLeftBound, rightNode, isRightBound);
    }
  }

  #connectUsing(scope: number, { binds, column, left, right }: Extract<Conjunct, { kind: 'using' }>): void {
    const named = (source: number): ColumnName | null => {
      const name = this.#shape.scopes[scope]?.sources[source]?.name;
      return name === undefined ? null : { schema: null, table: name, name: column };
    };
    for (const leftSource of left) {
      for (const rightSource of right) {
        const leftName = named(leftSource);
        const rightName = named(rightSource);
        if (leftName !== null && rightName !== null) {
          this.#equate(scope, binds, leftName, rightName);
        }
      }
    }
  }

  /** `key IN (SELECT key FROM …)`: rows with other keys make no difference on either side. */
  #connectQuery(scope: number, { binds, column, query }: Extract<Conjunct, { kind: 'inQuery' }>): void {
    const inner = this.#shape.queries[query];
    const index = inner?.body.kind === 'select' ? inner.body.scope : undefined;
    const selected = index === undefined ? undefined : this.#shape.scopes[index];
    const item = selected?.items.length === 1 ? selected.items[0]?.expression : undefined;
    if (
      inner === undefined ||
      index === undefined ||
      item?.kind !== 'column' ||
      !this.#isTransparent(query)
    ) {
      return;
    }
    const outerNode = this.#boundNode(scope, binds, column);
    const innerNode = this.#nodeOf(index, item.column);
    if (outerNode !== null && innerNode !== null && this.#areComparable(outerNode, innerNode)) {
      this.#classes.join(outerNode, true, innerNode, true);
    }
  }

  #areComparable(left: number, right: number): boolean {
    const leftRule = this.#nodes[left]?.key?.rule;
    const rightRule = this.#nodes[right]?.key?.rule;
    return leftRule !== undefined && rightRule !== undefined && haveSameKeys(leftRule, rightRule);
  }

  #boundNode(scope: number, binds: readonly number[], column: ColumnName): number | null {
    const position = this.#resolver.resolve(scope, column);
    return position !== null && position.scope === scope && binds.includes(position.source)
      ? this.#nodeOf(scope, column)
      : null;
  }

  #nodeOf(scope: number, column: ColumnName, depth = 0): number | null {
    const position = this.#resolver.resolve(scope, column);
    if (position === null || depth > this.#shape.queries.length) {
      return null;
    }
    const node = this.#nodeAt.get(`${position.scope}:${position.source}`);
    if (node !== undefined) {
      return this.#nodes[node]?.key?.column === column.name ? node : null;
    }
    const source = this.#shape.scopes[position.scope]?.sources[position.source];
    if (
      (source?.kind !== 'derived' && source?.kind !== 'commonTable') ||
      !this.#isTransparent(source.query)
    ) {
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
          const columns = table === null || source.name === table ? this.#resolver.columnsOf(source) : [];
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

  #isTransparent(query: number): boolean {
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
    const scope = query.body.kind === 'select' ? this.#shape.scopes[query.body.scope] : undefined;
    if (query.body.kind !== 'select' || scope === undefined || query.limit !== null || query.into !== null) {
      return false;
    }
    if (scope.windows || scope.rollup || scope.joins.natural || this.#hasRenamedColumns(index)) {
      return false;
    }
    if (this.#mentions(index) > 1) {
      return false;
    }
    const isGrouped = scope.aggregates || scope.groupBy.length > 0;
    const { scope: scopeIndex } = query.body;
    // The key of a row without a partner is NULL, which is in every slot.
    if ((isGrouped || scope.distinct) && scope.joins.outer) {
      return false;
    }
    if (isGrouped && !scope.groupBy.some(({ expression }) => this.#isKey(scopeIndex, expression))) {
      return false;
    }
    return !scope.distinct || scope.items.some(({ expression }) => this.#isKey(scopeIndex, expression));
  }

  /** Two mentions of a common table expression can meet in rows of two slots, and have but one node. */
  #mentions(query: number): number {
    const sources = this.#shape.scopes.flatMap((scope) => scope.sources);
    return sources.filter((source) => source.kind === 'commonTable' && source.query === query).length;
  }

  #isKey(scope: number, expression: Scope['groupBy'][number]['expression']): boolean {
    return expression.kind === 'column' && this.#nodeOf(scope, expression.column) !== null;
  }

  /** `WITH name (a, b) AS`: the list of names is not in the shape. */
  #hasRenamedColumns(query: number): boolean {
    const names = this.#shape.queries.flatMap(({ commonTables }) =>
      commonTables.filter((table) => table.query === query).map(({ name }) => name),
    );
    return names.some(
      (name) =>
        this.#digest.endsWith('…') ||
        this.#digest.includes(`${name} (`) ||
        this.#digest.includes(`${name}\` (`) ||
        this.#digest.includes(`${name}" (`),
    );
  }
}
