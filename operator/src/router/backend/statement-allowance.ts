/** Prepared statements that the connections to one server may keep together, beyond those that each of them may keep anyway. */
export class StatementAllowance {
  #left: number;

  constructor(statements: number) {
    this.#left = statements;
  }

  /** Whether one more may be kept; it counts until it is given back. */
  take(): boolean {
    if (this.#left === 0) {
      return false;
    }
    this.#left -= 1;
    return true;
  }

  giveBack(statements: number): void {
    this.#left += statements;
  }
}
