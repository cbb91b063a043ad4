/**
 * A value that a statement compares with a key column or stores in it, as its author wrote it.
 *
 * - `number`: decimal text, sign included (`42`, `-1.50`, `.5`, `1e3`). TRUE and FALSE are `1` and `0`. With an exponent it
 *   is approximate, as it is for MariaDB.
 * - `double`: a parameter sent as DOUBLE (or FLOAT, widened), which is how JavaScript drivers send every number.
 * - `string`: its characters in UTF-8, whatever character set the client speaks. Dates of the binary protocol, too, as
 *   `2026-01-31` or `2026-01-31 10:00:00.5`.
 * - `bytes`: `x'…'`, `0x…`, `b'…'`, and parameters sent as BLOB.
 */
export type KeyLiteral =
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'string'; readonly bytes: Uint8Array }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'null' };

/**
 * A key as it is hashed: values that MariaDB takes for equal in the column have one, and others have others.
 *
 * - `number`: shortest decimal text: 1, '1' and 1.0 are `1`; never an exponent, a plus sign or a negative zero.
 * - `text`: bytes; characters in UTF-8. `padded` says how it is ordered, not what it is: true where the column's collation
 *   compares as if the shorter of two values went on with spaces.
 */
export type CanonicalKey =
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'text'; readonly bytes: Uint8Array; readonly padded: boolean };

/**
 * Why a column or a value is no key.
 *
 * - `UnsupportedType`, `UnsupportedCollation`, `NotOrdered` (by a column of a keyspace cut by ranges): of the column.
 * - `Null`: NULL belongs to no slot.
 * - `WrongKind`: a number for a text column, a quoted word for a number, bytes for either.
 * - `Malformed`: no date, no UUID, no UTF-8.
 * - `NoStoredValue`: out of the column's range, too long, or with more decimals than it has. No row equals it; the server
 *   would store another value instead, where `sql_mode` lets it. (By way of an index on an integer column MariaDB finds 2
 *   by 1.5, which it does not without the index.)
 * - `Ambiguous`: whether it equals a stored value depends on more than the value: characters beyond printable ASCII under
 *   a collation that ignores differences, and numbers of more digits than the server compares.
 */
export type KeyRefusalCode =
  | 'UnsupportedType'
  | 'UnsupportedCollation'
  | 'NotOrdered'
  | 'Null'
  | 'WrongKind'
  | 'Malformed'
  | 'NoStoredValue'
  | 'Ambiguous';

/** A refusal as its author is told of it. Names column types and collations, never a value. */
export interface KeyRefusal {
  readonly kind: 'refused';
  readonly code: KeyRefusalCode;
  /** What is wrong: half a sentence without a full stop, to follow "the key". */
  readonly reason: string;
  /** What to do instead, a full sentence without a full stop. */
  readonly hint: string;
}

/** Makes a refusal. */
export function refuseKey(code: KeyRefusalCode, reason: string, hint: string): KeyRefusal {
  return { kind: 'refused', code, reason, hint };
}
