import { assertNever } from '../assert-never.ts';
import { HASH_RANGE, hashKey, keyHashSql } from './key-hash.ts';
import { canonicalKeySql, orderedKeySql } from './canonical-key-sql.ts';
import { type CanonicalKey, type KeyRefusal, refuseKey } from './key-literal.ts';
import type { KeyRule } from './key-rule.ts';
import { type RangeTable, slotOfRange } from './ranges.ts';

/**
 * How a keyspace finds the slot of a key. It never changes, but for a Range keyspace, whose slots are split.
 *
 * - `ConsistentHash`: slots are equal arcs of the ring of hashes.
 * - `Hash`: the remainder of the hash.
 * - `Range`: the interval that the key is in.
 */
export type KeyspaceLayout =
  | { readonly strategy: 'ConsistentHash' | 'Hash'; readonly slots: number }
  | { readonly strategy: 'Range'; readonly ranges: RangeTable };

/** Why a column cannot be the key in a keyspace, if it cannot: to be asked once, before {@link slotOf} is. */
export function checkKeyRule(layout: KeyspaceLayout, rule: KeyRule): KeyRefusal | undefined {
  if (layout.strategy !== 'Range') {
    return undefined;
  }
  const { numbers, texts } = layout.ranges;
  switch (rule.kind) {
    case 'integer':
    case 'decimal':
      return numbers === null
        ? refuseOrder('is a number, and the intervals of the keyspace are bounded by texts')
        : undefined;
    case 'text':
      if (!rule.isOrdered) {
        return refuseOrder(
          'is in a column whose collation is not a binary one, and the keyspace is cut by intervals',
        );
      }
      return checkTexts(texts);
    case 'date':
    case 'datetime':
      return checkTexts(texts);
    case 'binary':
    case 'uuid':
      return refuseOrder(`is of type ${rule.kind}, for which no intervals can be written`);
    default:
      return assertNever(rule);
  }
}

function checkTexts(texts: readonly Uint8Array[] | null): KeyRefusal | undefined {
  return texts === null
    ? refuseOrder('is text, and the intervals of the keyspace are bounded by numbers in their order')
    : undefined;
}

function refuseOrder(reason: string): KeyRefusal {
  return refuseKey(
    'NotOrdered',
    reason,
    'Use an integer, DECIMAL, DATE, DATETIME, or a text with collation utf8mb4_bin, as the other tables of the keyspace do; or a keyspace of strategy ConsistentHash',
  );
}

/**
 * Slot of a key.
 * @throws RangesError where {@link checkKeyRule} refuses the column of the key.
 */
export function slotOf(layout: KeyspaceLayout, key: CanonicalKey): number {
  switch (layout.strategy) {
    case 'ConsistentHash':
      // Less than 2^46, so that no bit is lost.
      return Math.floor((hashKey(key) * layout.slots) / HASH_RANGE);
    case 'Hash':
      return hashKey(key) % layout.slots;
    case 'Range':
      return slotOfRange(layout.ranges, key);
    default:
      return assertNever(layout);
  }
}

/**
 * The same for MariaDB: an expression for the slot of the row that it is evaluated for. `column`: an expression for the key
 * column, quoted as it must be (`` `orders`.`customer_id` ``).
 */
export function keySlotSql(layout: KeyspaceLayout, column: string, rule: KeyRule): string {
  switch (layout.strategy) {
    case 'ConsistentHash':
      return `${keyHashSql(canonicalKeySql(column, rule))} * ${layout.slots} DIV ${HASH_RANGE}`;
    case 'Hash':
      return `${keyHashSql(canonicalKeySql(column, rule))} MOD ${layout.slots}`;
    case 'Range':
      return rangeSlotSql(layout.ranges, column, rule);
    default:
      return assertNever(layout);
  }
}

function rangeSlotSql({ slots, numbers, texts }: RangeTable, column: string, rule: KeyRule): string {
  const isNumber = rule.kind === 'integer' || rule.kind === 'decimal';
  const bounds = isNumber ? (numbers ?? []) : (texts ?? []).map(quoteText);
  const key = isNumber ? column : orderedKeySql(column, rule);
  const [first, ...others] = slots;
  const cases = others.map((slot, index) => `WHEN ${key} >= ${bounds[index]} THEN ${slot}`);
  return cases.length === 0 ? String(first) : `CASE ${cases.toReversed().join(' ')} ELSE ${first} END`;
}

function quoteText(bytes: Uint8Array): string {
  return `_utf8mb4 X'${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}'`;
}
