import type { PreparedStatement } from './backend-connection.ts';

/** Prepared statements of one connection, by their text and the surroundings they were prepared in; the least recently used goes first. */
export class StatementCache {
  readonly #capacity: number;
  /** In the order of use, the latest last. */
  readonly #byKey = new Map<string, PreparedStatement>();
  readonly #keyOf = new Map<number, string>();
  readonly #held = new Set<number>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#byKey.size;
  }

  find(key: string): PreparedStatement | undefined {
    const statement = this.#byKey.get(key);
    if (statement !== undefined) {
      this.#byKey.delete(key);
      this.#byKey.set(key, statement);
    }
    return statement;
  }

  /** Takes a statement in; returns the numbers of those that have to go for it and are to be closed. */
  add(key: string, statement: PreparedStatement): number[] {
    this.#byKey.set(key, statement);
    this.#keyOf.set(statement.id, key);
    const closed: number[] = [];
    for (const [, { id }] of this.#byKey) {
      if (this.#byKey.size <= this.#capacity) {
        break;
      }
      if (id !== statement.id && !this.#held.has(id)) {
        this.remove(id);
        closed.push(id);
      }
    }
    return closed;
  }

  /** A statement with a cursor or a piece of a value on the server: it must not be closed for another. */
  hold(id: number): void {
    this.#held.add(id);
  }

  release(id: number): void {
    this.#held.delete(id);
  }

  remove(id: number): void {
    const key = this.#keyOf.get(id);
    this.#keyOf.delete(id);
    this.#held.delete(id);
    if (key !== undefined) {
      this.#byKey.delete(key);
    }
  }

  clear(): void {
    this.#byKey.clear();
    this.#keyOf.clear();
    this.#held.clear();
  }
}
