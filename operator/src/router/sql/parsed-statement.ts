import type { Dialect } from './dialect.ts';
import type { TokenRange } from './expression.ts';
import type { Literal } from './literal.ts';
import type { PlanEntry } from './plan-cache.ts';
import type { StatementShape } from './statement-shape.ts';

/** One statement of a client: its text, its shape (shared by all with the same digest) and its own literals. */
export interface ParsedStatement<Plan> {
  /** The text of this statement alone, without the `;` that ends it. A view of the client's buffer, not a copy. */
  readonly sql: Buffer;
  readonly dialect: Dialect;
  /** Digest, shape, and a place for what routing derives from them. */
  readonly entry: PlanEntry<Plan>;
  readonly shape: StatementShape;
  /** Where the next statement begins in the buffer given to the parser; null if this was the last. */
  readonly next: number | null;
  /** The text in a comment that begins with `shardwright:`, trimmed; null without. It is not part of the digest. */
  readonly hint: string | null;
  /** How many `?` there are. */
  readonly parameters: number;
  readonly literalCount: number;
  /** Decodes one literal. @throws RangeError when there is none with that index. */
  literal(index: number): Literal;
  /** The text of some tokens, with whatever stands between them. */
  textOf(tokens: TokenRange): string;
}
