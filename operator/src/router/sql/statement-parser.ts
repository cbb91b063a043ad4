import type { Dialect } from './dialect.ts';
import { digestText } from './digest-text.ts';
import { ParsedStatement } from './parsed-statement.ts';
import type { TokenSource } from './parsed-statement.ts';
import { PlanCache } from './plan-cache.ts';
import type { PlanCacheLimits, PlanEntry } from './plan-cache.ts';
import { PlanKey } from './plan-key.ts';
import { scanStatement } from './scanner.ts';
import { readShape } from './statement-grammar.ts';
import { TokenList } from './token-list.ts';

/** What a parser spends. */
export interface ParserLimits {
  readonly cache: PlanCacheLimits;
  /**
   * Words and signs of a statement; one with more is `unknown`. A million, as of an INSERT of 130,000 rows, took half a second, 220 MB
   * while they were read and 90 MB as long as the statement was in use.
   */
  readonly tokens: number;
  /** Characters of a digest; a longer one ends with `…`. */
  readonly digest: number;
}

/** Limits that suit one worker of a router. */
export const DEFAULT_PARSER_LIMITS: ParserLimits = {
  cache: { entries: 4096, keyBytes: 8192 },
  tokens: 1_048_576,
  digest: 1024,
};

/**
 * Reads statements: each is cut into tokens, and its shape is found by its digest or, the first time, read by the grammar. For one thread; `Plan` is what routing keeps with a
 * shape.
 */
export class StatementParser<Plan> implements TokenSource {
  readonly cache: PlanCache<Plan>;
  readonly #limits: ParserLimits;
  readonly #tokens: TokenList;
  readonly #key = new PlanKey();
  #scanned: ParsedStatement<unknown> | null = null;

  constructor(limits: ParserLimits) {
    this.#limits = limits;
    this.#tokens = new TokenList(limits.tokens);
    this.cache = new PlanCache(limits.cache);
  }

  /**
   * Reads the statement that begins at `from`. Never throws. The text must not change as long as the result is used: of a buffer that is used again, give a copy.
   */
  parse(text: Buffer, dialect: Dialect, from = 0): ParsedStatement<Plan> {
    const tokens = this.#tokens;
    scanStatement(tokens, text, from, dialect);
    const statement = new ParsedStatement(this, text, from, dialect, tokens, this.#entry(text, dialect));
    this.#scanned = statement;
    return statement;
  }

  /** Where the tokens of a statement are, for `textOf` and rewriting: valid until anything else is parsed. */
  tokensOf(statement: ParsedStatement<unknown>): TokenList {
    if (this.#scanned !== statement) {
      scanStatement(this.#tokens, statement.text, statement.from, statement.dialect);
      this.#scanned = statement;
    }
    return this.#tokens;
  }

  #entry(text: Buffer, dialect: Dialect): PlanEntry<Plan> {
    const tokens = this.#tokens;
    if (tokens.failure !== null) {
      return { digest: '', shape: readShape(tokens, text, dialect), plan: null };
    }
    // Each token takes a byte of the key or more.
    if (tokens.count > this.#limits.cache.keyBytes) return this.#newEntry(text, dialect);
    const key = this.#key;
    key.build(tokens, text, dialect);
    const found = this.cache.find(key);
    if (found !== null) return found;
    const entry = this.#newEntry(text, dialect);
    this.cache.add(key, entry);
    return entry;
  }

  #newEntry(text: Buffer, dialect: Dialect): PlanEntry<Plan> {
    const latin1 = dialect.charset === 'latin1';
    return {
      digest: digestText(this.#tokens, text, latin1, this.#limits.digest),
      shape: readShape(this.#tokens, text, dialect),
      plan: null,
    };
  }
}
