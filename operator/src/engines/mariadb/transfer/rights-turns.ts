/** One giver and taker of rights at a time: upkeep must not give back what a fence is taking. */

/** Shared by everything of a session that changes rights on databases. */
export class RightsTurns {
  readonly #fencing = new Map<string, number>();
  #last: Promise<unknown> = Promise.resolve();

  /** Whether a fence of the database is being raised or lifted now. To be asked within a turn. */
  isFencing(database: string): boolean {
    return this.#fencing.has(database);
  }

  /** Runs a change after those that are under way, and before those that come. */
  async take<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(change, change);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Runs `work` on the rights of a database once the change that is under way has ended; upkeep leaves it alone meanwhile. */
  async fencing<T>(database: string, work: () => Promise<T>): Promise<T> {
    this.#fencing.set(database, (this.#fencing.get(database) ?? 0) + 1);
    try {
      await this.#last.catch(() => {});
      return await work();
    } finally {
      const others = (this.#fencing.get(database) ?? 1) - 1;
      if (others > 0) {
        this.#fencing.set(database, others);
      } else {
        this.#fencing.delete(database);
      }
    }
  }
}
