/** What a statement demands of a key, and which slots that leaves. */
import { assertNever } from '../../runtime/assert-never.ts';
import { canonicalKey } from '../../core/keyspace/canonical-key.ts';
import type { CanonicalKey, KeyLiteral, KeyRefusal } from '../../core/keyspace/key-literal.ts';
import { slotOf } from '../../core/keyspace/keyspace-layout.ts';
import type { Expression, TokenRange } from '../sql/expression.ts';
import type { Literal } from '../sql/literal.ts';
import type { KeyspaceConfiguration } from './keyspace-configuration.ts';
import type { Constant, KeyOf } from './key-of.ts';
import { refuseKeyValue, refuseUnsupported, type Refused } from './refusal.ts';

export type { Constant, KeyOf } from './key-of.ts';

/** A condition on a key. */
export type KeyConstraint =
  | {
      readonly kind: 'values';
      readonly key: KeyOf;
      readonly values: readonly Constant[];
      /** Parts of the text that a list can be split into, one for each value. */
      readonly elements: readonly TokenRange[] | null;
    }
  | {
      readonly kind: 'range';
      readonly key: KeyOf;
      readonly low: Constant | null;
      readonly high: Constant | null;
      /** Whether the values themselves are left out. */
      readonly excludesLow: boolean;
      readonly excludesHigh: boolean;
    };

/** Looks up the constants of one statement. */
export interface ConstantValues {
  readonly literal: (index: number) => Literal;
  /** Null where the statement has no parameters, or none with values yet. */
  readonly parameter: ((index: number) => KeyLiteral) | null;
}

/** Of a constant that is no value which a key can have. */
export const VALUE_NOT_KNOWN: KeyRefusal = {
  kind: 'refused',
  code: 'WrongKind',
  reason: 'is compared with, or set to, a value whose kind is not known',
  hint: 'Write a plain number or a quoted text, or bind the parameter',
};

/** An expression as a constant; null where it is none, or one whose meaning depends on more than itself. */
export function constantOf(expression: Expression): Constant | null {
  switch (expression.kind) {
    case 'null':
    case 'boolean':
      return expression;
    case 'literal':
      return expression.introducer === null || expression.introducer === 'utf8mb4' ? expression : null;
    default:
      return null;
  }
}

/** The value of a constant; null where it has none that a key can have, as a minus sign in front of a text. */
export function keyLiteralOf(constant: Constant, values: ConstantValues): KeyLiteral | null {
  if (constant.kind === 'null') {
    return { kind: 'null' };
  }
  if (constant.kind === 'boolean') {
    return { kind: 'number', text: constant.value ? '1' : '0' };
  }
  const literal = values.literal(constant.literal);
  const value = literal.kind === 'parameter' ? values.parameter?.(literal.index) : literal;
  if (value === undefined) {
    return null;
  }
  if (!constant.negative) {
    return value;
  }
  switch (value.kind) {
    case 'number':
      return { kind: 'number', text: value.text.startsWith('-') ? value.text.slice(1) : `-${value.text}` };
    case 'double':
      return { kind: 'double', value: -value.value };
    case 'null':
      return value;
    case 'string':
    case 'bytes':
      return null;
    default:
      return assertNever(value);
  }
}

/** The slot of the rows whose key equals a constant; null where no row's does. */
export function comparedSlot(
  constant: Constant,
  key: KeyOf,
  keyspace: KeyspaceConfiguration,
  values: ConstantValues,
): number | null | Refused {
  const canonical = canonicalOf(constant, key, values);
  if (canonical.kind !== 'refused') {
    return slotOf(keyspace.layout, canonical);
  }
  return isEqualToNothing(canonical) ? null : refuseKeyValue(key.table, key.column, canonical);
}

/** The slot of a row to be stored with that key. */
export function storedSlot(
  constant: Constant,
  key: KeyOf,
  keyspace: KeyspaceConfiguration,
  values: ConstantValues,
): number | Refused {
  const canonical = canonicalOf(constant, key, values);
  return canonical.kind === 'refused'
    ? refuseKeyValue(key.table, key.column, canonical)
    : slotOf(keyspace.layout, canonical);
}

/** The key of a constant. */
export function canonicalOf(
  constant: Constant,
  { rule }: KeyOf,
  values: ConstantValues,
): CanonicalKey | KeyRefusal {
  const literal = keyLiteralOf(constant, values);
  return literal === null ? VALUE_NOT_KNOWN : canonicalKey(literal, rule);
}

function isEqualToNothing({ code }: KeyRefusal): boolean {
  return code === 'Null' || code === 'NoStoredValue';
}

/** The slot that a session's key, or a hint's, chooses for a statement about a table with that key column. */
export function targetSlot(
  literal: KeyLiteral,
  key: KeyOf | null,
  keyspace: KeyspaceConfiguration,
): number | Refused {
  const canonical = key === null ? plainKey(literal) : canonicalKey(literal, key.rule);
  if (canonical === null) {
    return refuseUnsupported(
      'The key chosen by shardwright_key is of a kind that only a table can give a meaning',
      'Set it to a number or a quoted text',
    );
  }
  if (canonical.kind === 'refused') {
    return refuseKeyValue(key?.table ?? '', key?.column ?? 'shardwright_key', canonical);
  }
  return slotOf(keyspace.layout, canonical);
}

/** Meaning of a key where no table is mentioned: whole numbers as BIGINT, texts byte by byte. */
function plainKey(literal: KeyLiteral): CanonicalKey | KeyRefusal | null {
  switch (literal.kind) {
    case 'number':
    case 'double':
      return canonicalKey(literal, {
        kind: 'integer',
        least: String(-(2n ** 63n)),
        most: String(2n ** 64n - 1n),
      });
    case 'string':
      return { kind: 'text', bytes: literal.bytes, padded: false };
    case 'bytes':
    case 'null':
      return null;
    default:
      return assertNever(literal);
  }
}
