/** Rows of a file that wait to be sent, each for one target. */
export interface RowBatch {
  readonly target: number;
  /** How many rows. */
  readonly rows: number;
  readonly bytes: Buffer;
}

/** Bytes of a target's first buffer; it doubles. */
const FIRST_BYTES = 4096;

interface Waiting {
  buffer: Buffer;
  length: number;
  rows: number;
}

/** Gathers rows by target, within a bound that the caller keeps: `bytes` tells how much waits. */
export class RowBatches {
  readonly #waiting = new Map<number, Waiting>();
  /** Of all rows that wait. */
  bytes = 0;

  /** Adds one row, which may come in several parts. The parts are copied. */
  add(target: number, ...parts: readonly Buffer[]): void {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    let waiting = this.#waiting.get(target);
    if (waiting === undefined) {
      waiting = { buffer: Buffer.allocUnsafe(FIRST_BYTES), length: 0, rows: 0 };
      this.#waiting.set(target, waiting);
    }
    reserve(waiting, length);
    for (const part of parts) {
      waiting.length += part.copy(waiting.buffer, waiting.length);
    }
    waiting.rows += 1;
    this.bytes += length;
  }

  /** Takes the batch with the most bytes; undefined where none waits. */
  takeLargest(): RowBatch | undefined {
    let target: number | undefined;
    let largest: Waiting | undefined;
    for (const [other, waiting] of this.#waiting) {
      if (largest === undefined || waiting.length > largest.length) {
        target = other;
        largest = waiting;
      }
    }
    if (target === undefined || largest === undefined) {
      return undefined;
    }
    this.#waiting.delete(target);
    this.bytes -= largest.length;
    return { target, rows: largest.rows, bytes: largest.buffer.subarray(0, largest.length) };
  }
}

function reserve(waiting: Waiting, length: number): void {
  let capacity = waiting.buffer.length;
  while (capacity < waiting.length + length) {
    capacity *= 2;
  }
  if (capacity > waiting.buffer.length) {
    const larger = Buffer.allocUnsafe(capacity);
    waiting.buffer.copy(larger, 0, 0, waiting.length);
    waiting.buffer = larger;
  }
}
