import type { Dialect } from './dialect.ts';
import type { TokenRange } from './expression.ts';
import { decodeLiteral } from './literal-value.ts';
import type { Literal } from './literal.ts';
import type { PlanEntry } from './plan-cache.ts';
import type { StatementShape } from './statement-shape.ts';
import type { TokenList } from './token-list.ts';

/** Finds a statement's tokens again: the list is valid until the parser reads anything else. */
export interface TokenSource {
  tokensOf(statement: ParsedStatement<unknown>): TokenList;
}

/** What the scanner found, as a statement keeps it. */
type Scanned = Pick<TokenList, 'literals' | 'parameters' | 'end' | 'next' | 'hintStart' | 'hintEnd'>;

/**
 * One statement of a client: its text, its shape (shared by all with the same digest) and its own literals. Made by
 * `StatementParser`, often: so it decodes nothing before it is asked to.
 */
export class ParsedStatement<Plan> {
  /** The whole text given to the parser. */
  readonly text: Buffer;
  /** Where this statement begins in `text`. */
  readonly from: number;
  /** Where it ends, before its `;`. */
  readonly end: number;
  readonly dialect: Dialect;
  /** Digest, shape, and a place for what routing derives from them. */
  readonly entry: PlanEntry<Plan>;
  /** Where the next statement begins in `text`; null if this was the last. */
  readonly next: number | null;
  /** How many `?` there are. */
  readonly parameters: number;
  readonly #source: TokenSource;
  readonly #literals: readonly number[];
  readonly #hintStart: number;
  readonly #hintEnd: number;

  constructor(
    source: TokenSource,
    text: Buffer,
    from: number,
    dialect: Dialect,
    scanned: Scanned,
    entry: PlanEntry<Plan>,
  ) {
    this.#source = source;
    this.text = text;
    this.from = from;
    this.end = scanned.end;
    this.dialect = dialect;
    this.entry = entry;
    this.next = scanned.next;
    this.parameters = scanned.parameters;
    this.#literals = scanned.literals;
    this.#hintStart = scanned.hintStart;
    this.#hintEnd = scanned.hintEnd;
  }

  get shape(): StatementShape {
    return this.entry.shape;
  }

  /** The text of this statement alone, without the `;` that ends it. A view of `text`, no copy. */
  get sql(): Buffer {
    if (this.from === 0 && this.end === this.text.length) return this.text;
    return this.text.subarray(this.from, this.end);
  }

  /** The text in the first comment that begins with `shardwright:`, trimmed; null without. It is no part of the digest. */
  get hint(): string | null {
    return this.#hintStart === -1 ? null : this.text.toString('utf8', this.#hintStart, this.#hintEnd).trim();
  }

  get literalCount(): number {
    return this.#literals.length / 3;
  }

  /**
   * Decodes one literal.
   * @throws RangeError when there is none with that index.
   */
  literal(index: number): Literal {
    const start = this.#literals[3 * index];
    const end = this.#literals[3 * index + 1];
    const code = this.#literals[3 * index + 2];
    if (start === undefined || end === undefined || code === undefined) {
      throw new RangeError(
        `the statement has ${String(this.literalCount)} literals, not ${String(index + 1)}`,
      );
    }
    return decodeLiteral(this.text, start, end, code, {
      escapes: !this.dialect.noBackslashEscapes,
      latin1: this.dialect.charset === 'latin1',
    });
  }

  /** Where some tokens stand in `text`, with whatever is between them. An empty range is the place after the token before it. */
  spanOf(tokens: TokenRange): { readonly start: number; readonly end: number } {
    const list = this.#source.tokensOf(this);
    const start =
      tokens.first === tokens.end
        ? ((tokens.first === 0 ? list.starts[0] : list.ends[tokens.first - 1]) ?? this.from)
        : (list.starts[tokens.first] as number);
    const end = tokens.first === tokens.end ? start : (list.ends[tokens.end - 1] as number);
    return { start, end };
  }

  /** The text of some tokens, with whatever stands between them. */
  textOf(tokens: TokenRange): string {
    const { start, end } = this.spanOf(tokens);
    return this.text.toString(this.dialect.charset === 'latin1' ? 'latin1' : 'utf8', start, end);
  }

  /** The indexes of the parameters between two places in `text`. */
  parametersBetween(start: number, end: number): number[] {
    const found: number[] = [];
    for (let index = 0; this.parameters > 0 && index < this.literalCount; index++) {
      const place = this.#literals[3 * index] as number;
      if (place < start || place >= end) continue;
      const literal = this.literal(index);
      if (literal.kind === 'parameter') found.push(literal.index);
    }
    return found;
  }
}
