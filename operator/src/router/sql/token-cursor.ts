import type { TokenRange } from './expression.ts';
import { unquote } from './literal-value.ts';
import { reservedWords } from './reserved-words.ts';
import { TOKEN } from './token-kind.ts';
import type { TokenList } from './token-list.ts';

/** What the grammar cannot read. It never leaves this folder: the statement becomes one of kind `unknown`. */
export class UnreadableStatement extends Error {
  readonly code = 'UnreadableStatement';
}

/** What `peek` answers for a literal, a name in quotes or attached to a dot, a user variable, a system variable and the end. */
export const SYMBOL = { literal: '?', name: '`', userVariable: '@', systemVariable: '@@', end: '' } as const;

const DOUBLE_QUOTE = 0x22;
const BACKTICK = 0x60;
const SINGLE_QUOTE = 0x27;

/** The grammar's view of a statement's tokens: words as upper-case symbols, and never the text of a literal. */
export class TokenCursor {
  /** Index of the next token. */
  position = 0;
  readonly count: number;
  readonly #tokens: TokenList;
  readonly #sql: Buffer;
  readonly #encoding: 'latin1' | 'utf8';
  readonly #symbols: readonly string[];

  constructor(tokens: TokenList, sql: Buffer, latin1: boolean) {
    this.#tokens = tokens;
    this.#sql = sql;
    this.#encoding = latin1 ? 'latin1' : 'utf8';
    this.count = tokens.count;
    this.#symbols = readSymbols(tokens, sql);
  }

  /** The symbol of the next token, or of one after it: a word or an operator's text, or one of `SYMBOL`. */
  peek(offset = 0): string {
    return this.#symbols[this.position + offset] ?? SYMBOL.end;
  }

  /** True when the next tokens are these. */
  at(...symbols: readonly string[]): boolean {
    return symbols.every((symbol, offset) => this.peek(offset) === symbol);
  }

  /** Passes over the next tokens if they are these. */
  accept(...symbols: readonly string[]): boolean {
    if (!this.at(...symbols)) return false;
    this.position += symbols.length;
    return true;
  }

  /** Passes over the next token if it is one of these, and returns it. */
  acceptOneOf(symbols: ReadonlySet<string>): string | null {
    const symbol = this.peek();
    if (symbol === SYMBOL.end || !symbols.has(symbol)) return null;
    this.position++;
    return symbol;
  }

  /** Passes over the next tokens, which must be these. */
  expect(...symbols: readonly string[]): void {
    for (const symbol of symbols) {
      if (this.peek() !== symbol) this.fail(`${symbol} expected`);
      this.position++;
    }
  }

  /** True at the end of the statement. */
  get ended(): boolean {
    return this.position >= this.count;
  }

  /** True when the next token (or one after it) can be a name. */
  isName(offset = 0): boolean {
    const kind = this.#tokens.kinds[this.position + offset];
    return this.position + offset < this.count && (kind === TOKEN.word || kind === TOKEN.name);
  }

  /** Reads a name. */
  name(): string {
    if (!this.isName()) this.fail('a name expected');
    return this.textAt(this.position++);
  }

  /** True when the next token (or one after it) is a literal. */
  isLiteral(offset = 0): boolean {
    return (
      this.peek(offset) === SYMBOL.literal && this.#tokens.kinds[this.position + offset] === TOKEN.literal
    );
  }

  /** The number of literals before a token. */
  literalsBefore(position: number): number {
    return this.#literalOrdinals()[position] ?? 0;
  }

  /** Reads a literal and returns its index. */
  literal(): number {
    if (!this.isLiteral()) this.fail('a literal expected');
    return this.literalsBefore(this.position++);
  }

  /** The name that a token is, without its quotes; for variables without `@`. */
  textAt(position: number): string {
    const kind = this.#tokens.kinds[position];
    const end = this.#tokens.ends[position] as number;
    let start = this.#tokens.starts[position] as number;
    if (kind === TOKEN.userVariable) start += 1;
    if (kind === TOKEN.systemVariable) start += 2;
    const first = start < end ? this.#sql[start] : 0;
    if (first === BACKTICK || first === DOUBLE_QUOTE || first === SINGLE_QUOTE) {
      return unquote(this.#sql, start, end, false).toString(this.#encoding);
    }
    return this.#sql.toString(this.#encoding, start, end);
  }

  /** From a token up to the next one. */
  rangeFrom(first: number): TokenRange {
    return { first, end: this.position };
  }

  /** Gives up. */
  fail(reason: string): never {
    const symbol = this.peek();
    const place = symbol === SYMBOL.end ? 'at the end' : `at "${symbol}" (word ${String(this.position + 1)})`;
    throw new UnreadableStatement(`${reason} ${place}`);
  }

  #ordinals: Uint32Array | null = null;

  #literalOrdinals(): Uint32Array {
    if (this.#ordinals === null) {
      const ordinals = new Uint32Array(this.count);
      let literals = 0;
      for (let index = 0; index < this.count; index++) {
        ordinals[index] = literals;
        if (this.#tokens.kinds[index] === TOKEN.literal) literals++;
      }
      this.#ordinals = ordinals;
    }
    return this.#ordinals;
  }
}

/** The symbols of one byte, which are most. */
const singleSymbols: readonly string[] = Array.from({ length: 128 }, (_, byte) =>
  String.fromCharCode(byte).toUpperCase(),
);

function readSymbols(tokens: TokenList, sql: Buffer): readonly string[] {
  const symbols: string[] = [];
  for (let index = 0; index < tokens.count; index++) {
    switch (tokens.kinds[index]) {
      case TOKEN.reserved:
        symbols.push(reservedWords[tokens.details[index] as number] as string);
        break;
      case TOKEN.literal:
        symbols.push(SYMBOL.literal);
        break;
      case TOKEN.name:
        symbols.push(SYMBOL.name);
        break;
      case TOKEN.userVariable:
        symbols.push(SYMBOL.userVariable);
        break;
      case TOKEN.systemVariable:
        symbols.push(SYMBOL.systemVariable);
        break;
      default: {
        const start = tokens.starts[index] as number;
        const end = tokens.ends[index] as number;
        const single = end === start + 1 ? singleSymbols[sql[start] as number] : undefined;
        symbols.push(single ?? sql.toString('latin1', start, end).toUpperCase());
      }
    }
  }
  return symbols;
}
