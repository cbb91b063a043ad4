/**
 * Which sharded tables of a statement can only meet rows of their own slot, and which keys they are bound to.
 *
 * A node is one mention of a sharded table as a source of rows. Nodes whose keys are equal in every row that gets through are of one
 * class. A class *hangs on* another when its rows count only together with a row of the other that has the same key: the inner side
 * of LEFT JOIN … ON its key, a subquery that compares its key with one outside. What hangs on nothing is a root. With one root, each
 * slot can answer for its own rows; with several, all of them have to be bound to one slot.
 */
import type { ColumnName } from '../sql/expression.ts';
import type { Conjunct } from '../sql/query-shape.ts';
import type { StatementShape } from '../sql/statement-shape.ts';
import type { ColumnResolver } from './column-resolution.ts';
import { constantOf, type KeyConstraint, type KeyOf } from './key-constraint.ts';
import { type KeyComponent, KeyClasses } from './key-classes.ts';
import { type KeyNode, KeyOrigins } from './key-origins.ts';
import { haveSameKeys } from './same-keys.ts';
import type { MentionedTable } from './mentioned-tables.ts';

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
  /** Whether a node is of a query within an expression. */
  readonly isWithinExpression: (node: number) => boolean;
}

/** Finds nodes, classes and roots. `digest` tells whether a common table expression renames its columns. */
export function buildKeyGraph(
  shape: StatementShape,
  tables: readonly MentionedTable[],
  digest: string,
): KeyGraph {
  return new GraphBuilder(shape, new KeyOrigins(shape, tables, digest)).build();
}

class GraphBuilder {
  readonly #shape: StatementShape;
  readonly #origins: KeyOrigins;
  readonly #classes = new KeyClasses();

  constructor(shape: StatementShape, origins: KeyOrigins) {
    this.#shape = shape;
    this.#origins = origins;
    origins.nodes.forEach(() => this.#classes.add());
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
    const origins = this.#origins;
    return {
      nodes: origins.nodes,
      components,
      unusable: origins.nodes.find(({ key }) => key === null)?.name ?? null,
      boundKeys: [...new Set(bound)].join(' and '),
      resolver: origins.resolver,
      transparent: new Set([...this.#shape.queries.keys()].filter((query) => origins.isTransparent(query))),
      nodeOf: (scope, column) => origins.nodeOf(scope, column),
      areEqual: (left, right) => this.#classes.areEqual(left, right),
      isWithinExpression: (node) => this.#isWithinExpression(origins.nodes[node]?.scope ?? null),
    };
  }

  #isWithinExpression(scope: number | null): boolean {
    const tokens = scope === null ? undefined : this.#shape.scopes[scope]?.tokens;
    return (
      tokens !== undefined &&
      this.#shape.queries.some(
        (query) =>
          query.nesting === 'expression' &&
          query.tokens.first <= tokens.first &&
          tokens.end <= query.tokens.end,
      )
    );
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
        const excludesLow = conjunct.low?.inclusive === false;
        const excludesHigh = conjunct.high?.inclusive === false;
        if (low !== null || high !== null) {
          this.#constrain(scope, conjunct, (key) => ({
            kind: 'range',
            key,
            low,
            high,
            excludesLow,
            excludesHigh,
          }));
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
    const node = this.#origins.boundNode(scope, binds, column);
    const key = node === null ? null : (this.#origins.nodes[node]?.key ?? null);
    if (node !== null && key !== null) {
      this.#classes.constrain(node, make(key));
    }
  }

  #equate(scope: number, binds: readonly number[], left: ColumnName, right: ColumnName): void {
    const leftNode = this.#origins.nodeOf(scope, left);
    const rightNode = this.#origins.nodeOf(scope, right);
    if (leftNode !== null && rightNode !== null && this.#areComparable(leftNode, rightNode)) {
      const isLeftBound = this.#origins.boundNode(scope, binds, left) !== null;
      const isRightBound = this.#origins.boundNode(scope, binds, right) !== null;
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

  /** `key IN (SELECT key FROM …)`: rows with other keys make no difference on either side. Of NOT IN, on the inner side. */
  #connectQuery(scope: number, conjunct: Extract<Conjunct, { kind: 'inQuery' }>): void {
    const { binds, column, query, negated } = conjunct;
    const inner = this.#shape.queries[query];
    const index = inner?.body.kind === 'select' ? inner.body.scope : undefined;
    const selected = index === undefined ? undefined : this.#shape.scopes[index];
    const item = selected?.items.length === 1 ? selected.items[0]?.expression : undefined;
    if (
      inner === undefined ||
      index === undefined ||
      item?.kind !== 'column' ||
      !this.#origins.isTransparent(query)
    ) {
      return;
    }
    const outerNode = this.#origins.boundNode(scope, binds, column);
    const innerNode = this.#origins.nodeOf(index, item.column);
    if (outerNode === null || innerNode === null || !this.#areComparable(outerNode, innerNode)) {
      return;
    }
    if (!negated) {
      this.#classes.join(outerNode, true, innerNode, true);
      return;
    }
    // NULL is in no list, and with a NULL in it nothing is outside of a list: whatever the slot.
    const { tokens } = item;
    if (this.#origins.isKey(scope, { kind: 'column', column, tokens }) && this.#origins.isKey(index, item)) {
      this.#classes.join(innerNode, true, outerNode, false);
    }
  }

  #areComparable(left: number, right: number): boolean {
    const leftRule = this.#origins.nodes[left]?.key?.rule;
    const rightRule = this.#origins.nodes[right]?.key?.rule;
    return leftRule !== undefined && rightRule !== undefined && haveSameKeys(leftRule, rightRule);
  }
}
