import type { Expression } from '../sql/expression.ts';
import { walkExpression } from '../routing/expression-walk.ts';
import { checkNamedCollation, comparisonOf, isPadded } from './comparison.ts';
import { derivedExpression, describeColumn } from './described-column.ts';
import { CannotMerge, type ScatterScope } from './scatter-select.ts';

/**
 * Makes sure that the values of an expression can be compared: numbers and times as they are, texts by their weights, whatever
 * collation they have by the rules of the server. Columns of derived tables are looked through.
 * @throws CannotMerge
 */
export function checkComparable(select: ScatterScope, expression: Expression): void {
  if (isCollate(expression)) {
    // What is in it has another collation, which does not matter.
    checkNamedCollation(collationOf(select, expression));
    return;
  }
  for (const node of walkExpression(expression)) {
    if (isCollate(node)) {
      checkNamedCollation(collationOf(select, node));
    } else if (node.kind === 'column') {
      checkColumn(select, node);
    } else if (node.kind === 'call' && node.window && !isKnown(select, node)) {
      throw new CannotMerge(
        `Rows of several slots are compared by ${node.name}() of a list`,
        'Convert its argument to CHAR with CAST, or give the key',
      );
    }
  }
}

function isCollate(node: Expression): boolean {
  return node.kind === 'operation' && node.operator === 'COLLATE';
}

/** The collation that `… COLLATE name` names; null where it is no plain name. */
function collationOf({ textOf }: ScatterScope, { tokens }: Expression): string | null {
  return /\bCOLLATE\s+(?!DEFAULT\b)(`?)(\w+)\1[\s)]*$/i.exec(textOf(tokens))?.[2] ?? null;
}

function checkColumn(select: ScatterScope, node: Expression & { readonly kind: 'column' }): void {
  const description = describeColumn(select, node.column);
  if (description !== null) {
    if (comparisonOf(description) === 'text') {
      isPadded(description);
    }
    return;
  }
  const inner = derivedExpression(select, node.column);
  if (inner === null || !isKnown(inner.select, inner.expression)) {
    throw new CannotMerge(
      `Rows of several slots are compared by ${node.column.name}, of which only a derived table is known`,
      'Compare rows by columns of tables, or give the key',
    );
  }
  checkComparable(inner.select, inner.expression);
}

/** A derived table may keep the type of a list, which is sorted by position; and what a query within it gives is not known. */
function isKnown(select: ScatterScope, expression: Expression): boolean {
  for (const node of walkExpression(expression)) {
    const description = node.kind === 'column' ? describeColumn(select, node.column) : null;
    if (node.kind === 'subquery' || (description !== null && comparisonOf(description) === 'position')) {
      return false;
    }
  }
  return true;
}
