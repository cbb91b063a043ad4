import type { Dialect } from './dialect.ts';
import { TOKEN } from './token-kind.ts';
import type { TokenList } from './token-list.ts';

/** Tags of the parts of a key. No operator and no byte of an unquoted name is below 0x20. */
const RESERVED = 1;
const WORD = 2;
const NAME = 3;
const LITERAL = 4;
const VARIABLE = 5;
const LONG_OPERATOR = 6;
const FIRST_CAPACITY = 4096;
/** Bytes in front of a token's own: its tag and length. */
const LONGEST_PREFIX = 5;
/** A larger array is given back after use. */
const KEPT_CAPACITY = 1_048_576;
/** FNV-1a, 32 bits. Source: Fowler, Noll and Vo, draft-eastlake-fnv. */
const HASH_START = 0x811c9dc5;
const HASH_PRIME = 0x01000193;

/**
 * The bytes that stand for a statement without its literals: two statements have the same exactly when their tokens are
 * the same but for literals, white space, comments and the case of reserved words, and their dialects mean the same by them. One
 * key is used again and again.
 */
export class PlanKey {
  /** The key, up to `length`. */
  bytes: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  length = 0;
  /** 32 bits, to find the key in a table. */
  hash = 0;

  /** Makes the key of the tokens. */
  build(tokens: TokenList, sql: Uint8Array, dialect: Dialect): void {
    const { kinds, starts, ends, details, count } = tokens;
    if (this.bytes.length > KEPT_CAPACITY) this.bytes = new Uint8Array(FIRST_CAPACITY);
    let key = this.bytes;
    let length = 0;
    key[length++] =
      (dialect.charset === 'latin1' ? 1 : 0) |
      (dialect.pipesAsConcat ? 2 : 0) |
      (dialect.highNotPrecedence ? 4 : 0) |
      (dialect.ansiQuotes ? 8 : 0);
    for (let index = 0; index < count; index++) {
      const start = starts[index] as number;
      const end = ends[index] as number;
      // Most that a token adds; a literal, however long, adds one byte.
      const most = kinds[index] === TOKEN.literal ? 1 : end - start + LONGEST_PREFIX;
      if (length + most > key.length) key = this.#grow(length, length + most);
      switch (kinds[index]) {
        case TOKEN.reserved:
          key[length++] = RESERVED;
          key[length++] = details[index] as number;
          break;
        case TOKEN.literal:
          key[length++] = LITERAL;
          break;
        case TOKEN.operator:
          if (end - start > 1) {
            key[length++] = LONG_OPERATOR;
            key[length++] = end - start;
          }
          for (let place = start; place < end; place++) key[length++] = sql[place] as number;
          break;
        case TOKEN.word:
          key[length++] = WORD;
          for (let place = start; place < end; place++) key[length++] = sql[place] as number;
          break;
        default: {
          const size = end - start;
          key[length++] = kinds[index] === TOKEN.name ? NAME : VARIABLE;
          key[length++] = size & 0xff;
          key[length++] = (size >>> 8) & 0xff;
          key[length++] = (size >>> 16) & 0xff;
          key[length++] = size >>> 24;
          for (let place = start; place < end; place++) key[length++] = sql[place] as number;
        }
      }
    }
    let hash = HASH_START;
    for (let place = 0; place < length; place++) {
      hash = Math.imul(hash ^ (key[place] as number), HASH_PRIME);
    }
    this.length = length;
    this.hash = hash;
  }

  #grow(length: number, needed: number): Uint8Array {
    const larger = new Uint8Array(needed * 2);
    larger.set(this.bytes.subarray(0, length));
    this.bytes = larger;
    return larger;
  }

  /** True when the key is the one kept as `bytes`. */
  equals(bytes: Uint8Array): boolean {
    const { length } = this;
    if (bytes.length !== length) return false;
    const own = this.bytes;
    for (let place = 0; place < length; place++) {
      if (own[place] !== bytes[place]) return false;
    }
    return true;
  }

  /** A copy of the key, to be kept. */
  copy(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}
