/** The keys that bring a statement to its slots, as people are told of them. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import { type Constant, type ConstantValues, keyLiteralOf } from './key-constraint.ts';
import type { KeyOf } from './key-of.ts';

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

/** Longest text of a value, in characters; the rest is left out. */
const LONGEST_VALUE = 60;

/** `orders.user_id = 42`. */
export function describeKey({ key, value }: RoutedKey, values: ConstantValues): string {
  const name = key === null ? 'shardwright_key' : `${key.table}.${key.column}`;
  const literal = value.kind === 'literal' || value.kind === 'boolean' ? keyLiteralOf(value, values) : value;
  return `${name} = ${literal === null ? '?' : textOf(literal)}`;
}

function textOf(literal: KeyLiteral): string {
  switch (literal.kind) {
    case 'number':
      return literal.text;
    case 'double':
      return String(literal.value);
    case 'string':
      return `'${shortened(
        Buffer.from(literal.bytes)
          .toString()
          .replaceAll(/\p{Cc}/gu, '?'),
      )}'`;
    case 'bytes':
      return `x'${shortened(Buffer.from(literal.bytes).toString('hex'))}'`;
    case 'null':
      return 'NULL';
    default:
      return assertNever(literal);
  }
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length > LONGEST_VALUE ? `${characters.slice(0, LONGEST_VALUE).join('')}…` : text;
}
