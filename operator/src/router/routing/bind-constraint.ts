/** Which slots a condition on a key leaves. */
import { boundaryKey, type BoundaryKey, type IntervalEnd } from '../../core/keyspace/boundary-key.ts';
import type { CanonicalKey } from '../../core/keyspace/key-literal.ts';
import { slotOf } from '../../core/keyspace/keyspace-layout.ts';
import { beginsWith } from '../../core/keyspace/ranges.ts';
import {
  comparedSlot,
  type Constant,
  type ConstantValues,
  type KeyConstraint,
  keyLiteralOf,
  type KeyOf,
  VALUE_NOT_KNOWN,
} from './key-constraint.ts';
import type { KeyspaceConfiguration } from './keyspace-configuration.ts';
import { refuseKeyValue, type Refused } from './refusal.ts';

/** Slots that a constraint leaves; for a list of values, the slot of each, null for a value that no row has. */
export type BoundConstraint =
  | { readonly kind: 'values'; readonly slots: readonly (number | null)[] }
  | { readonly kind: 'range'; readonly slots: ReadonlySet<number> };

/** Finds the slots that a constraint leaves. */
export function bindConstraint(
  constraint: KeyConstraint,
  keyspace: KeyspaceConfiguration,
  values: ConstantValues,
): BoundConstraint | Refused {
  if (constraint.kind === 'range') {
    return bindRange(constraint, keyspace, values);
  }
  const slots: (number | null)[] = [];
  for (const value of constraint.values) {
    const slot = comparedSlot(value, constraint.key, keyspace, values);
    if (typeof slot === 'object' && slot !== null) {
      return slot;
    }
    slots.push(slot);
  }
  return { kind: 'values', slots };
}

function bindRange(
  { key, low, high, excludesLow, excludesHigh }: Extract<KeyConstraint, { kind: 'range' }>,
  keyspace: KeyspaceConfiguration,
  values: ConstantValues,
): BoundConstraint | Refused {
  const { layout } = keyspace;
  if (layout.strategy !== 'Range') {
    return { kind: 'range', slots: new Set(keyspace.slots) };
  }
  const least = endOf(low, 'least', key, values);
  if (least?.kind === 'refused') {
    return least;
  }
  const most = endOf(high, 'most', key, values);
  if (most?.kind === 'refused') {
    return most;
  }
  if (least?.kind === 'nothing' || most?.kind === 'nothing') {
    return { kind: 'range', slots: new Set() };
  }
  const all = layout.ranges.slots;
  const first = least === null ? 0 : all.indexOf(slotOf(layout, keyAbove(least, excludesLow, key)));
  let last = all.length - 1;
  if (most !== null) {
    last = all.indexOf(slotOf(layout, most.key));
    if (excludesHigh && most.isValue && beginsWith(layout.ranges, last, most.key)) {
      last -= 1;
    }
  }
  return { kind: 'range', slots: new Set(all.slice(first, last + 1)) };
}

/** One end of an interval: null where it has none that is known, `nothing` where no row is within. */
function endOf(
  constant: Constant | null,
  end: IntervalEnd,
  key: KeyOf,
  values: ConstantValues,
): BoundaryKey | { readonly kind: 'nothing' } | Refused | null {
  if (constant === null) {
    return null;
  }
  const literal = keyLiteralOf(constant, values);
  const boundary = literal === null ? VALUE_NOT_KNOWN : boundaryKey(literal, key.rule, end);
  if (boundary.kind === 'boundary') {
    return boundary;
  }
  switch (boundary.code) {
    case 'Null':
      return { kind: 'nothing' };
    // A value that no row can have, or that stands for several, still bounds; only where is not known.
    case 'NoStoredValue':
    case 'Ambiguous':
      return null;
    default:
      return refuseKeyValue(key.table, key.column, boundary);
  }
}

/** The least key of an interval: behind a whole number that is left out comes the next one. */
function keyAbove({ key, isValue }: BoundaryKey, isExcluded: boolean, { rule }: KeyOf): CanonicalKey {
  return isExcluded && isValue && rule.kind === 'integer' && key.kind === 'number'
    ? { kind: 'number', text: String(BigInt(key.text) + 1n) }
    : key;
}
