/** Merging rows as they are: without groups, or with groups that each lie within a slot. */
import type { SelectItem } from '../sql/query-shape.ts';
import { comparedColumn, comparedValue, qualifiedName } from './compared-values.ts';
import type { HiddenColumns } from './hidden-columns.ts';
import type { ComparedValue, MergeOrder, RowMerge } from './merge-plan.ts';
import { CannotMerge, type ScatterScope } from './scatter-select.ts';
import { orderedExpression, visibleColumn } from './select-items.ts';
import { isInStar } from './star-columns.ts';

/** Plans the merge of rows. `isDistinct`: equal rows can come from several slots, and count once. */
export function planRows(select: ScatterScope, hidden: HiddenColumns, isDistinct: boolean): RowMerge {
  const by = planOrder(select, hidden, isDistinct);
  if (isDistinct) {
    return { kind: 'distinct', values: distinctValues(select, hidden), by };
  }
  return by.length === 0 ? { kind: 'concatenate' } : { kind: 'order', by };
}

function planOrder(select: ScatterScope, hidden: HiddenColumns, isDistinct: boolean): readonly MergeOrder[] {
  const order: MergeOrder[] = [];
  for (const { expression, descending } of select.query.orderBy) {
    const named = orderedExpression(select, expression);
    if (named !== null) {
      if (isDistinct && named.item === null && !isInStar(select, named.expression)) {
        throw new CannotMerge(
          'DISTINCT over several slots is sorted by what is not in its select list',
          'Add it to the select list',
        );
      }
      const visible = named.item === null ? null : visibleColumn(select, named.item);
      order.push({ ...comparedValue(select, named.expression, visible, hidden), descending });
    }
  }
  return order;
}

function distinctValues(select: ScatterScope, hidden: HiddenColumns): readonly ComparedValue[] {
  return select.scope.items.flatMap((item, index) =>
    item.expression.kind === 'star'
      ? starValues(select, item, hidden)
      : [comparedValue(select, item.expression, visibleColumn(select, index), hidden)],
  );
}

function starValues(
  select: ScatterScope,
  { expression }: SelectItem,
  hidden: HiddenColumns,
): readonly ComparedValue[] {
  const table = expression.kind === 'star' ? expression.table : null;
  return select.scope.sources
    .filter(({ name }) => table === null || name === table)
    .flatMap((source) => {
      const columns = source.kind === 'table' ? select.tables[source.table]?.description?.columns : undefined;
      if (columns === undefined) {
        throw new CannotMerge(
          'DISTINCT * over several slots has columns of a derived table',
          'Write the columns out',
        );
      }
      return columns
        .filter(({ invisible }) => !invisible)
        .map((column) => comparedColumn(column, qualifiedName(source.name, column.name), null, hidden));
    });
}
