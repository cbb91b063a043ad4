import type { PreparedStatement } from './backend-connection.ts';
import type { StatementAllowance } from './statement-allowance.ts';

/** What a prepared statement is found by: its text by its bytes (latin1), and the surroundings it was prepared in. */
export interface StatementKey {
  readonly text: string;
  readonly database: string;
  /** Key of the session's variables. */
  readonly variables: string;
}

interface Entry {
  readonly key: StatementKey;
  readonly statement: PreparedStatement;
  /** Since it was last passed over. */
  isUsed: boolean;
}

/**
 * Prepared statements of one connection; the oldest that was not used lately goes first: one that was used since it was last looked
 * at is passed over once, which costs a use less than to keep them all in the order of their last one. A connection may keep `capacity` of them, and more
 * as long as the allowance that it shares with others has some left.
 */
export class StatementCache {
  readonly #capacity: number;
  readonly #allowance: StatementAllowance;
  /** Taken from the allowance. */
  #extra = 0;
  /** By text and then by surroundings: strings that are kept are looked up without being put together and hashed again. */
  readonly #byText = new Map<string, Map<string, Entry>>();
  /** By number; the one that was looked at or added last is the last. */
  readonly #byId = new Map<number, Entry>();
  readonly #held = new Set<number>();

  constructor(capacity: number, allowance: StatementAllowance) {
    this.#capacity = capacity;
    this.#allowance = allowance;
  }

  get size(): number {
    return this.#byId.size;
  }

  find(key: StatementKey): PreparedStatement | undefined {
    const entry = this.#byText.get(key.text)?.get(surroundingsOf(key));
    if (entry === undefined) {
      return undefined;
    }
    entry.isUsed = true;
    return entry.statement;
  }

  /** Takes a statement in; returns the numbers of those that have to go for it and are to be closed. */
  add(key: StatementKey, statement: PreparedStatement): number[] {
    const entry = { key, statement, isUsed: false };
    const bySurroundings = this.#byText.get(key.text) ?? new Map<string, Entry>();
    this.#byText.set(key.text, bySurroundings.set(surroundingsOf(key), entry));
    this.#byId.set(statement.id, entry);
    const closed: number[] = [];
    if (this.size > this.#capacity + this.#extra && this.#allowance.take()) {
      this.#extra += 1;
    }
    for (let id = this.#nextToGo(statement.id); id !== undefined; id = this.#nextToGo(statement.id)) {
      this.remove(id);
      closed.push(id);
    }
    return closed;
  }

  /** The statement that has to go, if there are too many: not the one that was added. */
  #nextToGo(added: number): number | undefined {
    if (this.size <= this.#capacity + this.#extra) {
      return undefined;
    }
    for (const [id, entry] of this.#byId) {
      if (id === added || this.#held.has(id)) {
        continue;
      }
      if (!entry.isUsed) {
        return id;
      }
      // The last one now: it comes again, unused, once all others have been looked at.
      entry.isUsed = false;
      this.#byId.delete(id);
      this.#byId.set(id, entry);
    }
    return undefined;
  }

  /** Numbers of the statements that were prepared in one of these databases. */
  preparedIn(databases: ReadonlySet<string>): number[] {
    return [...this.#byId].filter(([, { key }]) => databases.has(key.database)).map(([id]) => id);
  }

  /** A statement with a cursor or a piece of a value on the server: it must not be closed for another. */
  hold(id: number): void {
    this.#held.add(id);
  }

  release(id: number): void {
    this.#held.delete(id);
  }

  remove(id: number): void {
    const entry = this.#byId.get(id);
    this.#byId.delete(id);
    this.#held.delete(id);
    if (entry === undefined) {
      return;
    }
    const { key } = entry;
    const bySurroundings = this.#byText.get(key.text);
    // Prepared a second time, the text is the later one's.
    if (bySurroundings?.get(surroundingsOf(key)) === entry) {
      bySurroundings.delete(surroundingsOf(key));
    }
    if (bySurroundings?.size === 0) {
      this.#byText.delete(key.text);
    }
    this.#giveBackUnused();
  }

  /** All are gone, as after a reset or with the connection itself. */
  clear(): void {
    this.#byText.clear();
    this.#byId.clear();
    this.#held.clear();
    this.#giveBackUnused();
  }

  #giveBackUnused(): void {
    const unused = Math.min(this.#extra, this.#capacity + this.#extra - this.size);
    if (unused > 0) {
      this.#extra -= unused;
      this.#allowance.giveBack(unused);
    }
  }
}

function surroundingsOf({ database, variables }: StatementKey): string {
  return variables === '' ? database : `${database}\0${variables}`;
}
