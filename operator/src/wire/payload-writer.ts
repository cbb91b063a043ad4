/** Bytes of a length-encoded integer. */
export function lengthEncodedSize(value: number): number {
  if (value < 0xfb) return 1;
  if (value <= 0xffff) return 3;
  return value <= 0xff_ffff ? 4 : 9;
}

/** Writes the fields of a payload in their order into a buffer that grows. Numbers must fit their field. */
export class PayloadWriter {
  #bytes: Buffer;
  #at = 0;

  /** `size`: bytes expected, to save copies. */
  constructor(size = 64) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  uint8(value: number): this {
    const at = this.#reserve(1);
    this.#bytes.writeUInt8(value, at);
    return this;
  }

  uint16(value: number): this {
    const at = this.#reserve(2);
    this.#bytes.writeUInt16LE(value, at);
    return this;
  }

  uint24(value: number): this {
    const at = this.#reserve(3);
    this.#bytes.writeUIntLE(value, at, 3);
    return this;
  }

  uint32(value: number): this {
    const at = this.#reserve(4);
    this.#bytes.writeUInt32LE(value, at);
    return this;
  }

  uint64(value: bigint): this {
    const at = this.#reserve(8);
    this.#bytes.writeBigUInt64LE(value, at);
    return this;
  }

  int64(value: bigint): this {
    const at = this.#reserve(8);
    this.#bytes.writeBigInt64LE(value, at);
    return this;
  }

  float(value: number): this {
    const at = this.#reserve(4);
    this.#bytes.writeFloatLE(value, at);
    return this;
  }

  double(value: number): this {
    const at = this.#reserve(8);
    this.#bytes.writeDoubleLE(value, at);
    return this;
  }

  /** A length-encoded integer. */
  lengthEncoded(value: number | bigint): this {
    if (value < 0xfb) return this.uint8(Number(value));
    if (value <= 0xffff) return this.uint8(0xfc).uint16(Number(value));
    if (value <= 0xff_ffff) return this.uint8(0xfd).uint24(Number(value));
    return this.uint8(0xfe).uint64(BigInt(value));
  }

  bytes(value: Uint8Array): this {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** Text as UTF-8, without a length. */
  text(value: string): this {
    return this.bytes(Buffer.from(value, 'utf8'));
  }

  /** Bytes, or text as UTF-8, after their length. */
  lengthEncodedBytes(value: Uint8Array | string): this {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
    return this.lengthEncoded(bytes.length).bytes(bytes);
  }

  /** A field of a text row. */
  nullableBytes(value: Uint8Array | null): this {
    return value === null ? this.uint8(0xfb) : this.lengthEncodedBytes(value);
  }

  /** Bytes, or text as UTF-8, and a zero byte. They must not contain one. */
  nulTerminated(value: Uint8Array | string): this {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
    return this.bytes(bytes).uint8(0);
  }

  zeros(length: number): this {
    const at = this.#reserve(length);
    this.#bytes.fill(0, at, at + length);
    return this;
  }

  /** What was written. A view: do not write any more. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  // To be called before `#bytes` is looked at: it may replace it.
  #reserve(length: number): number {
    const at = this.#at;
    this.#at = at + length;
    if (this.#at > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#at, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    return at;
  }
}
