import type { Expression, TokenRange } from '../sql/expression.ts';
import { CannotMerge } from './scatter-select.ts';

/** What texts are taken from. */
interface TextSource {
  readonly textOf: (tokens: TokenRange) => string;
}

/** The text of some tokens, with that of some expressions among them written anew. @throws CannotMerge where these are not told apart */
export function writeAround(
  { textOf }: TextSource,
  { first, end }: TokenRange,
  parts: readonly Expression[],
  write: (part: Expression) => string,
): string {
  const pieces: string[] = [];
  let done = first;
  for (const part of parts.toSorted((one, other) => one.tokens.first - other.tokens.first)) {
    if (part.tokens.first < done) {
      throw new CannotMerge(
        'An expression over several slots of a form that is not known',
        'Select its parts alone, and calculate in the application',
      );
    }
    if (part.tokens.first > done) {
      pieces.push(textOf({ first: done, end: part.tokens.first }));
    }
    pieces.push(write(part));
    done = part.tokens.end;
  }
  if (done < end) {
    pieces.push(textOf({ first: done, end }));
  }
  return pieces.join(' ');
}
