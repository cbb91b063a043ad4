import type { TokenRange } from './expression.ts';

/**
 * A change to a statement's text: the tokens (and what stands between them) are replaced by `text`. An empty range (`first === end`)
 * inserts before the token `first`. Ranges must not overlap.
 */
export interface Edit {
  readonly tokens: TokenRange;
  readonly text: string;
}
