/**
 * Connections to a shard that may be kept while a client reads what comes over others. Without a bound, statements that have some of
 * the connections they need could wait for each other for ever.
 */
export class StreamPermits {
  readonly #perShard: number;
  readonly #taken = new Map<number, number>();

  constructor(perShard: number) {
    this.#perShard = perShard;
  }

  /** Takes up to `wanted`, as many as there are. Does not wait. */
  take(shard: number, wanted: number): number {
    const taken = this.#taken.get(shard) ?? 0;
    const granted = Math.max(0, Math.min(wanted, this.#perShard - taken));
    this.#taken.set(shard, taken + granted);
    return granted;
  }

  giveBack(shard: number, count: number): void {
    const left = (this.#taken.get(shard) ?? 0) - count;
    if (left > 0) {
      this.#taken.set(shard, left);
    } else {
      this.#taken.delete(shard);
    }
  }
}
