import type { KeyRule } from '../../core/keyspace/key-rule.ts';

/** Whether values of two columns that are equal have one key: within one kind of type and of collation only. */
export function haveSameKeys(left: KeyRule, right: KeyRule): boolean {
  if (left.kind === 'text' && right.kind === 'text') {
    return (
      left.foldsCase === right.foldsCase &&
      left.trims === right.trims &&
      left.padded === right.padded &&
      left.characters === right.characters
    );
  }
  return left.kind === right.kind || (isNumber(left) && isNumber(right));
}

function isNumber({ kind }: KeyRule): boolean {
  return kind === 'integer' || kind === 'decimal';
}
