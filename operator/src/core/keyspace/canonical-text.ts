/** Keys that are characters or bytes. */
import { bytesOfText, textOfBytes } from './byte-text.ts';
import { type CanonicalKey, type KeyRefusal, refuseKey } from './key-literal.ts';
import type { KeyLiteral } from './key-literal.ts';
import type { BinaryRule, TextRule } from './key-rule.ts';

type TextKey = CanonicalKey & { readonly kind: 'text' };
type Value = Exclude<KeyLiteral, { kind: 'null' }>;

const SPACE = 0x20;
const HYPHEN = 0x2d;
const ZERO = 0x30;
const EIGHT = 0x38;
const NINE = 0x39;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const LOWER_A = 0x61;
const LOWER_F = 0x66;
const TILDE = 0x7e;
/** Least byte that is no ASCII character. */
const BEYOND_ASCII = 0x80;
/** Least first byte of a character of four bytes, which utf8mb3 has not. */
const FOUR_BYTES = 0xf0;
/** What lower-case letters of ASCII have and upper-case ones have not. */
const LOWER_CASE_BIT = 0x20;

/** Throws at anything that is not UTF-8. */
const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Key of a value in a CHAR or VARCHAR column. */
export function canonicalText(literal: Value, rule: TextRule): TextKey | KeyRefusal {
  if (literal.kind !== 'string') {
    return refuseKey(
      'WrongKind',
      'is text, and was given as a number or as bytes, which equals texts that differ',
      'Quote the value',
    );
  }
  const bytes = rule.trims ? withoutTrailingSpaces(literal.bytes) : literal.bytes;
  const isPrintable = rule.characters === 'printable';
  const classes = isPrintable ? classesOf(bytes) : 0;
  const refusal = isPrintable ? refuseUnprintable(classes) : checkCharacters(bytes, rule);
  if (refusal !== undefined) {
    return refusal;
  }
  if (bytes.length > rule.length && countCharacters(bytes) > rule.length) {
    return refuseKey(
      'NoStoredValue',
      `is longer than the ${rule.length} characters of the column`,
      'Use a value that fits the column',
    );
  }
  return {
    kind: 'text',
    bytes: (classes & IS_UPPER_CASE) !== 0 && rule.foldsCase ? inLowerCase(bytes) : bytes,
    padded: rule.padded,
  };
}

/** Key of a value in a BINARY or VARBINARY column. */
export function canonicalBinary(literal: Value, rule: BinaryRule): TextKey | KeyRefusal {
  if (literal.kind !== 'string' && literal.kind !== 'bytes') {
    return refuseKey('WrongKind', 'is bytes, and was given as a number', "Write the bytes as x'…'");
  }
  const { bytes } = literal;
  // The server fills BINARY up with zeros: what is stored, then, is not what was given.
  return bytes.length > rule.length || (rule.isFixed && bytes.length < rule.length)
    ? refuseKey(
        'NoStoredValue',
        `has not the ${rule.length} bytes of the column`,
        'Use a value of exactly that length, or a column of type VARBINARY',
      )
    : { kind: 'text', bytes, padded: false };
}

const UUID = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/;
const UUID_LENGTH = 36;
const HYPHENS = [8, 13, 18, 23];
/** Where the version is, and the variant. */
const VERSION = 14;
const VARIANT = 19;

/** Key of a value in a UUID column: 36 characters in lower case. */
export function canonicalUuid(literal: Value): TextKey | KeyRefusal {
  const bytes = literal.kind === 'string' ? uuidBytes(literal.bytes) : undefined;
  // MariaDB takes no version above 7 with the variant of before RFC 4122.
  return bytes === undefined || ((bytes[VERSION] ?? 0) >= EIGHT && (bytes[VARIANT] ?? 0) < EIGHT)
    ? refuseKey(
        'Malformed',
        'is no UUID',
        'Write a quoted UUID of 32 hexadecimal digits with its four hyphens',
      )
    : { kind: 'text', bytes, padded: false };
}

function uuidBytes(bytes: Uint8Array): Uint8Array | undefined {
  if (isCanonicalUuid(bytes)) {
    return bytes;
  }
  const [, ...parts] = bytes.length <= UUID_LENGTH ? (UUID.exec(textOfBytes(bytes).toLowerCase()) ?? []) : [];
  return parts.length === 0 ? undefined : bytesOfText(parts.join('-'));
}

/** The usual case, told without making a text. */
function isCanonicalUuid(bytes: Uint8Array): boolean {
  if (bytes.length !== UUID_LENGTH || HYPHENS.some((index) => bytes[index] !== HYPHEN)) {
    return false;
  }
  let digits = 0;
  for (let index = 0; index < UUID_LENGTH; index += 1) {
    const byte = bytes[index] ?? 0;
    digits += (byte >= ZERO && byte <= NINE) || (byte >= LOWER_A && byte <= LOWER_F) ? 1 : 0;
  }
  return digits === UUID_LENGTH - HYPHENS.length;
}

function withoutTrailingSpaces(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === SPACE) {
    end -= 1;
  }
  return end === bytes.length ? bytes : bytes.subarray(0, end);
}

/** Bits of {@link BYTE_CLASSES}. */
const IS_UPPER_CASE = 1;
const IS_UNPRINTABLE = 2;

/** What each byte is: one look-up in place of comparisons, in what every statement with a text key does. */
const BYTE_CLASSES = Uint8Array.from({ length: 256 }, (_class, byte) =>
  byte < SPACE || byte > TILDE ? IS_UNPRINTABLE : isUpperCase(byte) ? IS_UPPER_CASE : 0,
);

/** The classes of all bytes. */
function classesOf(bytes: Uint8Array): number {
  let classes = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    classes |= BYTE_CLASSES[bytes[index] as number] as number;
  }
  return classes;
}

function refuseUnprintable(classes: number): KeyRefusal | undefined {
  return (classes & IS_UNPRINTABLE) !== 0
    ? refuseCharacters('other than printable ASCII, of which the collation may take several for equal')
    : undefined;
}

function inLowerCase(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => (isUpperCase(byte) ? byte | LOWER_CASE_BIT : byte));
}

function isUpperCase(byte: number): boolean {
  return byte <= UPPER_Z && byte >= UPPER_A;
}

function checkCharacters(bytes: Uint8Array, { characters }: TextRule): KeyRefusal | undefined {
  let most = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    most = Math.max(most, bytes[index] ?? 0);
  }
  if (most < BEYOND_ASCII) {
    return undefined;
  }
  if (characters === 'ascii' || (characters === 'utf8mb3' && most >= FOUR_BYTES)) {
    return refuseCharacters('that the character set of the column has not for certain');
  }
  try {
    STRICT_UTF8.decode(bytes);
    return undefined;
  } catch {
    return refuseKey('Malformed', 'is not valid UTF-8', 'Send text in the character set of the connection');
  }
}

function refuseCharacters(which: string): KeyRefusal {
  return refuseKey(
    'Ambiguous',
    `has characters ${which}`,
    'Give the column the collation utf8mb4_bin, or use other keys',
  );
}

function countCharacters(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) {
    // All but the bytes that go on with a character: 10xxxxxx.
    count += (byte & 0xc0) === 0x80 ? 0 : 1;
  }
  return count;
}
