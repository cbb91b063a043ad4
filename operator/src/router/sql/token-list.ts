import { LITERAL, TOKEN } from './token-kind.ts';

const FIRST_CAPACITY = 256;
/** Arrays larger than this are given back once the statement that needed them is done with. */
const KEPT_CAPACITY = 65_536;
const PARAMETER_STEP = 16;

/**
 * The tokens of one statement. One list is used again and again, so that reading a statement allocates little: its arrays hold the
 * last statement up to `count`.
 */
export class TokenList {
  /** What each token is: one of `TOKEN`. */
  kinds: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  /** Where each token begins in the text. */
  starts: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  /** Where each token ends (exclusive). */
  ends: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  /** The code of a reserved word, or the `LITERAL` of a literal. */
  details: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  /** Number of tokens. */
  count = 0;
  /** For each literal: start, end, and its `LITERAL` (see `literalKind`). Made anew for each statement, so it can be kept. */
  literals: number[] = [];
  /** Number of `?`. */
  parameters = 0;
  /** Where the statement ends: at its `;`, or at the end of the text without the white space and `;` there. */
  end = 0;
  /** Where the next statement begins; null if there is none. */
  next: number | null = null;
  /** Where the text of a `shardwright:` comment begins, or -1. */
  hintStart = -1;
  /** Where that text ends. */
  hintEnd = -1;
  /** Why the statement could not be cut into tokens, or null. It holds nothing of the statement's text. */
  failure: string | null = null;

  readonly #maxTokens: number;

  /** @param maxTokens a statement with more is a failure: it bounds the memory that one statement takes. */
  constructor(maxTokens: number) {
    this.#maxTokens = maxTokens;
  }

  /** Forgets the tokens of the last statement. */
  clear(end: number): void {
    if (this.kinds.length > KEPT_CAPACITY) this.#resize(FIRST_CAPACITY, 0);
    this.count = 0;
    this.literals = [];
    this.parameters = 0;
    this.end = end;
    this.next = null;
    this.hintStart = -1;
    this.hintEnd = -1;
    this.failure = null;
  }

  /** Appends a token. */
  add(kind: number, start: number, end: number, detail: number): void {
    const place = this.count;
    if (place === this.kinds.length && !this.#grow()) return;
    this.kinds[place] = kind;
    this.starts[place] = start;
    this.ends[place] = end;
    this.details[place] = detail;
    this.count = place + 1;
  }

  /** Appends a literal and returns its end. */
  addLiteral(kind: number, start: number, end: number): number {
    this.literals.push(start, end, kind);
    this.add(TOKEN.literal, start, end, kind);
    return end;
  }

  /** Appends the next parameter and returns its end. */
  addParameter(start: number): number {
    this.literals.push(start, start + 1, LITERAL.parameter + PARAMETER_STEP * this.parameters);
    this.parameters++;
    this.add(TOKEN.literal, start, start + 1, LITERAL.parameter);
    return start + 1;
  }

  /** Appends an operator of that many bytes and returns its end. */
  addOperator(start: number, length: number): number {
    this.add(TOKEN.operator, start, start + length, 0);
    return start + length;
  }

  /** Ends the reading. Returns 0 in place of a token's end. */
  fail(reason: string): number {
    this.failure = reason;
    return 0;
  }

  #grow(): boolean {
    const capacity = this.kinds.length;
    if (capacity >= this.#maxTokens) {
      this.failure = `more than ${String(capacity)} words and signs`;
      return false;
    }
    this.#resize(Math.min(capacity * 2, this.#maxTokens), capacity);
    return true;
  }

  #resize(capacity: number, kept: number): void {
    const { kinds, starts, ends, details } = this;
    this.kinds = new Uint8Array(capacity);
    this.starts = new Uint32Array(capacity);
    this.ends = new Uint32Array(capacity);
    this.details = new Uint8Array(capacity);
    this.kinds.set(kinds.subarray(0, kept));
    this.starts.set(starts.subarray(0, kept));
    this.ends.set(ends.subarray(0, kept));
    this.details.set(details.subarray(0, kept));
  }
}

/** The `LITERAL` and, for a parameter, the index in an element of `literals`. */
export function literalKind(code: number): { readonly kind: number; readonly parameter: number } {
  return { kind: code % PARAMETER_STEP, parameter: Math.floor(code / PARAMETER_STEP) };
}
