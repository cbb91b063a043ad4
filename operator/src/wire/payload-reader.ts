import { ProtocolError } from './protocol-error.ts';

const EMPTY = Buffer.alloc(0);

/**
 * Reads the fields of a payload in their order. Every read checks the bounds and throws a {@link ProtocolError}
 * (`malformed`) beyond them. Buffers handed out are views of the payload, not copies.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/protocol-data-types
 */
export class PayloadReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  /** The next byte, which stays unread; -1 at the end. */
  peek(): number {
    return this.#at < this.#end ? (this.#bytes[this.#at] as number) : -1;
  }

  skip(length: number): void {
    this.#advance(length);
  }

  uint8(): number {
    return this.#bytes[this.#advance(1)] as number;
  }

  uint16(): number {
    return this.#bytes.readUInt16LE(this.#advance(2));
  }

  uint24(): number {
    return this.#bytes.readUIntLE(this.#advance(3), 3);
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.#advance(4));
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#advance(8));
  }

  int8(): number {
    return this.#bytes.readInt8(this.#advance(1));
  }

  int16(): number {
    return this.#bytes.readInt16LE(this.#advance(2));
  }

  int32(): number {
    return this.#bytes.readInt32LE(this.#advance(4));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64LE(this.#advance(8));
  }

  float(): number {
    return this.#bytes.readFloatLE(this.#advance(4));
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#advance(8));
  }

  /** A length-encoded integer of any size. */
  lengthEncodedBigint(): bigint {
    if (this.peek() === 0xfe) {
      this.#at += 1;
      return this.uint64();
    }
    const value = this.lengthEncoded();
    return value === 0 ? 0n : BigInt(value);
  }

  /** A length-encoded integer; one above 2^53 - 1 is malformed, as is the mark of NULL. */
  lengthEncoded(): number {
    const first = this.uint8();
    if (first < 0xfb) return first;
    if (first === 0xfc) return this.uint16();
    if (first === 0xfd) return this.uint24();
    if (first === 0xfe) {
      const value = this.uint64();
      if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    }
    throw new ProtocolError('malformed', `${String(first)} does not begin a length`);
  }

  /** The next `length` bytes. */
  bytes(length: number): Buffer {
    if (length === 0) return EMPTY;
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Bytes after their length. */
  lengthEncodedBytes(): Buffer {
    return this.bytes(this.lengthEncoded());
  }

  /** A field of a text row: bytes after their length, or NULL. */
  nullableBytes(): Buffer | null {
    if (this.peek() !== 0xfb) return this.lengthEncodedBytes();
    this.#at += 1;
    return null;
  }

  /** Bytes before the next zero byte, which is read too. */
  nulTerminated(): Buffer {
    const at = this.#bytes.indexOf(0, this.#at);
    if (at < 0 || at >= this.#end) throw new ProtocolError('malformed', 'a zero byte is missing');
    const value = this.#bytes.subarray(this.#at, at);
    this.#at = at + 1;
    return value;
  }

  /** Bytes before the next zero byte, which is read too, or up to the end: some clients leave the last zero byte out. */
  nulTerminatedOrRest(): Buffer {
    const at = this.#bytes.indexOf(0, this.#at);
    return at < 0 || at >= this.#end ? this.rest() : this.nulTerminated();
  }

  /** Everything up to the end. */
  rest(): Buffer {
    return this.bytes(this.remaining);
  }

  #advance(length: number): number {
    const at = this.#at;
    if (length > this.#end - at) {
      throw new ProtocolError(
        'malformed',
        `${String(length)} bytes are needed where ${String(this.#end - at)} are left`,
      );
    }
    this.#at = at + length;
    return at;
  }
}
