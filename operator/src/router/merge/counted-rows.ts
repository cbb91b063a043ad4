import type { MergePlan } from './merge-plan.ts';

/** The rows of a merge that its client gets, while all of them are counted. */
export class CountedRows {
  readonly #from: number;
  readonly #end: number;
  #count = 0;

  constructor({ counted }: MergePlan) {
    this.#from = counted?.offset ?? 0;
    this.#end = this.#from + (counted?.limit ?? Number.POSITIVE_INFINITY);
  }

  /** How many rows have come. */
  get count(): bigint {
    return BigInt(this.#count);
  }

  /** Of the next rows those that the client gets. */
  take<Row>(rows: readonly Row[]): readonly Row[] {
    const before = this.#count;
    this.#count += rows.length;
    return this.#from <= before && this.#count <= this.#end
      ? rows
      : rows.slice(Math.max(0, this.#from - before), Math.max(0, this.#end - before));
  }
}
