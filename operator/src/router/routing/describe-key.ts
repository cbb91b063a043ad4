import { assertNever } from '../../runtime/assert-never.ts';
import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import { type ConstantValues, keyLiteralOf } from './key-constraint.ts';
import type { RoutedKey } from './routed-key.ts';

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
  // Not in the middle of a character of two units.
  const end = /[\ud800-\udbff]/.test(text.charAt(LONGEST_VALUE - 1)) ? LONGEST_VALUE - 1 : LONGEST_VALUE;
  return text.length > LONGEST_VALUE ? `${text.slice(0, end)}…` : text;
}
