import type { Expression } from '../sql/expression.ts';
import type { ScatterSelect } from './scatter-select.ts';

/** Whether groups, or distinct rows, each lie within one slot: they have the key. */
export function isWithinSlots(
  select: ScatterSelect,
  scopeIndex: number,
  expressions: readonly Expression[],
): boolean {
  // There is one root, or one for each part of a UNION.
  return expressions.some((expression) => {
    const node = expression.kind === 'column' ? select.graph.nodeOf(scopeIndex, expression.column) : null;
    return node !== null && select.graph.components.some(({ nodes }) => nodes.includes(node));
  });
}
