/**
 * Statements of text that prepare nothing: the server allows PREPARE in no function and in no trigger, so that only what is not
 * listed may have prepared something by itself, as a procedure or a compound statement does.
 */
const PREPARES_NOTHING = /^\s*(?:SELECT|INSERT|REPLACE|UPDATE|DELETE|START|COMMIT|ROLLBACK|SHOW|SET|USE)\b/i;
/** Enough of a statement for its first word. */
const FIRST_WORD = 32;
/** Numbers beyond are not relied on: the server keeps one bit for itself. */
const LAST = 2 ** 31 - 2;

/**
 * The numbers that a server gives to the prepared statements of one connection: one more each time. What is told is never
 * the number of a statement that is there already.
 */
export class StatementNumbers {
  #next: number | null = null;

  /** The number of the next statement to be prepared; null while it is not known. */
  get next(): number | null {
    return this.#next;
  }

  /** A statement was prepared, and got this number. */
  afterPrepared(id: number): void {
    this.#next = id < LAST ? id + 1 : null;
  }

  /** A statement of text is sent. */
  afterText(statement: Buffer): void {
    if (this.#next !== null && !PREPARES_NOTHING.test(statement.toString('latin1', 0, FIRST_WORD))) {
      this.#next = null;
    }
  }

  /** The session was made a fresh one. */
  forget(): void {
    this.#next = null;
  }
}
