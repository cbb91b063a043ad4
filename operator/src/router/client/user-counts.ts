/** Connections by user. */
export class UserCounts {
  readonly #counts = new Map<string, number>();

  /** Takes a place for `user`; false when there are `limit` already. */
  enter(user: string, limit: number): boolean {
    const count = this.#counts.get(user) ?? 0;
    if (count >= limit) return false;
    this.#counts.set(user, count + 1);
    return true;
  }

  /** Gives a place back. */
  leave(user: string): void {
    const count = this.#counts.get(user) ?? 0;
    if (count > 1) this.#counts.set(user, count - 1);
    else this.#counts.delete(user);
  }
}
