/**
 * Finds the rows of a file as MariaDB does. Follows READ_INFO of its sql/sql_load.cc: which bytes end a field depends on
 * whether it began with a quote, extra fields are passed over without a look at quotes, and a row may lack fields.
 */
import type { FileFormat } from '../../sql/file-format.ts';

/** A field's value: bytes without quotes and escapes, or NULL. */
export type FieldValue = Buffer | null;

/** One row: where it is in the buffer, and the fields that were asked for; undefined for one that it lacks. */
export interface FileRecord {
  /** Where its prefix (LINES STARTING BY) begins, or its first field. */
  readonly start: number;
  /** Behind its terminator. */
  readonly end: number;
  readonly values: readonly (FieldValue | undefined)[];
}

/** What to do next: a row, more bytes are needed, or there is nothing more. */
export type ReadRecord = FileRecord | 'more' | 'end';

const NONE = -1;
const NULL_WORD = Buffer.from('NULL');

/** Thrown within the module where the buffer ends before the row does. */
class MoreBytesNeeded extends Error {
  readonly code = 'MoreBytesNeeded';
}

const MORE = new MoreBytesNeeded('more bytes of the file are needed');

/** How a field ended. */
type FieldEnd = 'field' | 'line' | 'file';

/** Reads one buffer after another; each begins with a row. */
export class RecordReader {
  readonly #format: FileFormat;
  readonly #fields: number;
  readonly #wanted: ReadonlySet<number>;
  readonly #order: readonly number[];
  readonly #fieldByte: number;
  readonly #lineByte: number;
  readonly #enclosure: number;
  readonly #escape: number;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #isLast = false;
  #foundNull = false;
  #wasEnclosed = false;
  readonly #value: number[] = [];

  /** `fields`: how many of a row are read. `wanted`: indexes of those whose values are told, in that order. */
  constructor(format: FileFormat, fields: number, wanted: readonly number[]) {
    this.#format = format;
    this.#fields = fields;
    this.#wanted = new Set(wanted);
    this.#order = wanted;
    this.#fieldByte = format.fieldTerminator[0] ?? NONE;
    this.#lineByte = format.lineTerminator[0] ?? NONE;
    this.#enclosure = format.enclosure ?? NONE;
    this.#escape = format.escape ?? NONE;
  }

  /** Reads the row at `from`. `isLast`: nothing comes behind the buffer. */
  read(bytes: Buffer, from: number, isLast: boolean): ReadRecord {
    this.#begin(bytes, from, isLast);
    try {
      return this.#readRecord();
    } catch (error) {
      if (error === MORE) {
        return 'more';
      }
      throw error;
    }
  }

  /** Passes over a line that is no row, and returns where the next begins; null where more bytes are needed. */
  skipLine(bytes: Buffer, from: number, isLast: boolean): number | null {
    this.#begin(bytes, from, isLast);
    try {
      this.#passLine();
      return this.#at;
    } catch (error) {
      if (error === MORE) {
        return null;
      }
      throw error;
    }
  }

  #begin(bytes: Buffer, from: number, isLast: boolean): void {
    this.#bytes = bytes;
    this.#at = from;
    this.#isLast = isLast;
  }

  #readRecord(): FileRecord | 'end' {
    const start = this.#findStart();
    if (start === NONE || this.#peek() === NONE) {
      return 'end';
    }
    const found = new Map<number, FieldValue>();
    let end: FieldEnd = 'field';
    for (let index = 0; index < this.#fields && end === 'field'; index += 1) {
      if (this.#peek() === NONE) {
        // A separator stood at the very end of the file: the row has no further field.
        end = 'file';
        break;
      }
      const keep = this.#wanted.has(index);
      end = this.#readField(keep);
      if (keep) {
        found.set(index, this.#fieldValue());
      }
    }
    if (end === 'field') {
      this.#passLine();
    }
    return { start, end: this.#at, values: this.#order.map((index) => found.get(index)) };
  }

  /** The next byte, or NONE at the end of the file. */
  #peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte !== undefined) {
      return byte;
    }
    if (!this.#isLast) {
      throw MORE;
    }
    return NONE;
  }

  #next(): number {
    const byte = this.#peek();
    this.#at += 1;
    if (byte === NONE) {
      this.#at -= 1;
    }
    return byte;
  }

  /** Whether the rest of a terminator stands here, whose first byte was read; passes over it then. */
  #accept(terminator: Buffer): boolean {
    const from = this.#at;
    for (let index = 1; index < terminator.length; index += 1) {
      if (this.#next() !== terminator[index]) {
        this.#at = from;
        return false;
      }
    }
    return true;
  }

  /** Goes behind the next prefix of a row, and returns where it began; NONE where there is none. */
  #findStart(): number {
    const { linePrefix } = this.#format;
    if (linePrefix.length === 0) {
      return this.#at;
    }
    for (;;) {
      const start = this.#at;
      const byte = this.#next();
      if (byte === NONE) {
        return NONE;
      }
      if (byte === linePrefix[0] && this.#accept(linePrefix)) {
        return start;
      }
    }
  }

  /** Reads a field; `keep` gathers its bytes. */
  #readField(keep: boolean): FieldEnd {
    const { fieldTerminator, lineTerminator } = this.#format;
    const value = this.#value;
    value.length = 0;
    this.#foundNull = false;
    this.#wasEnclosed = false;
    let quote = NONE;
    if (this.#peek() === this.#enclosure) {
      quote = this.#next();
      // It counts if the field turns out not to be closed.
      value.push(quote);
    }
    for (;;) {
      let byte = this.#next();
      if (byte === NONE) {
        return 'file';
      }
      if (byte === this.#escape) {
        const escaped = this.#next();
        if (escaped === NONE) {
          value.push(byte);
          return 'file';
        }
        if (this.#escape !== this.#enclosure || escaped === this.#escape) {
          value.push(this.#unescape(escaped));
          continue;
        }
        this.#at -= 1;
      }
      if (byte === this.#lineByte && quote === NONE && this.#accept(lineTerminator)) {
        return 'line';
      }
      if (byte === quote && quote !== NONE) {
        const behind = this.#next();
        if (behind === quote) {
          value.push(byte);
          continue;
        }
        const isLine = behind === NONE || (behind === this.#lineByte && this.#accept(lineTerminator));
        if (isLine || (behind === this.#fieldByte && this.#accept(fieldTerminator))) {
          this.#wasEnclosed = true;
          value.shift();
          return isLine ? 'line' : 'field';
        }
        this.#at -= 1;
        byte = quote;
      } else if (byte === this.#fieldByte && quote === NONE && this.#accept(fieldTerminator)) {
        return 'field';
      }
      if (keep) {
        value.push(byte);
      }
    }
  }

  #unescape(byte: number): number {
    if (byte === LETTER_N) {
      this.#foundNull = true;
    }
    return ESCAPES.get(byte) ?? byte;
  }

  #fieldValue(): FieldValue {
    const value = Buffer.from(this.#value);
    const isWord = !this.#wasEnclosed && this.#enclosure !== NONE && value.equals(NULL_WORD);
    return isWord || (value.length === 1 && this.#foundNull) ? null : value;
  }

  /** Passes over the rest of a line. */
  #passLine(): void {
    for (;;) {
      const byte = this.#next();
      if (byte === NONE) {
        return;
      }
      if (byte === this.#escape) {
        if (this.#next() === NONE) {
          return;
        }
      } else if (byte === this.#lineByte && this.#accept(this.#format.lineTerminator)) {
        return;
      }
    }
  }
}

const LETTER_N = 0x4e;

/** What a letter behind the escape character means. */
const ESCAPES: ReadonlyMap<number, number> = new Map(
  (
    [
      ['0', 0x00],
      ['b', 0x08],
      ['n', 0x0a],
      ['r', 0x0d],
      ['t', 0x09],
      ['Z', 0x1a],
    ] as const
  ).map(([letter, byte]) => [letter.charCodeAt(0), byte]),
);
