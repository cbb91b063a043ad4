/** The keys that bring a statement to its slots, as people are told of them. */
import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import type { Constant, KeyOf } from './key-of.ts';

/** A key by which a statement is for a slot; where there are several, one of them. */
export interface RoutedKey {
  /** Null: that of shardwright_key. */
  readonly key: KeyOf | null;
  readonly value: Constant | KeyLiteral;
}

/** Keys of a list, and the slot of each; null: of no slot. */
export interface ListedKeys {
  readonly key: KeyOf;
  readonly values: readonly Constant[];
  readonly slots: readonly (number | null)[];
}

/** The first key of a list that is in a slot. */
export function listedKey({ key, values, slots }: ListedKeys, slot: number): RoutedKey | null {
  const value = values[slots.indexOf(slot)];
  return value === undefined ? null : { key, value };
}
