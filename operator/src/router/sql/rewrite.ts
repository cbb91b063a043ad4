import type { TokenRange } from './expression.ts';
import type { ParsedStatement } from './parsed-statement.ts';

/**
 * A change to a statement's text. Its ranges must not overlap those of the other edits.
 *
 * - `text`: the tokens (and what stands between them) are replaced by it. An empty range (`first === end`) inserts after
 *   the token before; white space is put around.
 * - `keep`: of the tokens only these parts are left, with commas between them.
 */
export type Edit =
  | { readonly tokens: TokenRange; readonly text: string }
  | { readonly tokens: TokenRange; readonly keep: readonly TokenRange[] };

const comma = Buffer.from(', ');

/** A part of the rewritten text: new, or taken over from `start` up to `end` of the old one. */
type Piece = Buffer | { readonly start: number; readonly end: number };

/**
 * The statement's text with the edits made; the rest of it stays byte for byte. Without edits it is the statement's own buffer.
 * @throws RangeError when edits overlap: a mistake of the caller.
 */
export function rewriteStatement(statement: ParsedStatement<unknown>, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return statement.sql;
  return Buffer.concat(
    pieces(statement, edits).map((piece) =>
      Buffer.isBuffer(piece) ? piece : statement.text.subarray(piece.start, piece.end),
    ),
  );
}

/**
 * The statement's text with the edits made, as it may be sent over a connection with multi-statements. The definition of a
 * stored program has `;` in it, and where it ends only the server knows: it goes as the one statement of EXECUTE IMMEDIATE, so that a
 * second one hidden behind it is a syntax error instead of executed.
 * @throws RangeError when edits overlap.
 */
export function sendableText(statement: ParsedStatement<unknown>, edits: readonly Edit[]): Buffer {
  const text = rewriteStatement(statement, edits);
  const { shape, dialect } = statement;
  if (shape.kind !== 'definition' || !shape.program) return text;
  return Buffer.from(`EXECUTE IMMEDIATE CONVERT(x'${text.toString('hex')}' USING ${dialect.charset})`);
}

/**
 * The parameters that are still there after the edits, by their index in the statement, in the order in which the rewritten
 * statement has them.
 * @throws RangeError when edits overlap.
 */
export function keptParameters(statement: ParsedStatement<unknown>, edits: readonly Edit[]): number[] {
  return pieces(statement, edits).flatMap((piece) =>
    Buffer.isBuffer(piece) ? [] : statement.parametersBetween(piece.start, piece.end),
  );
}

function pieces(statement: ParsedStatement<unknown>, edits: readonly Edit[]): Piece[] {
  const encoding = statement.dialect.charset === 'latin1' ? 'latin1' : 'utf8';
  const placed = edits
    .map((edit) => ({ edit, ...statement.spanOf(edit.tokens) }))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  const result: Piece[] = [];
  let done = statement.from;
  for (const { edit, start, end } of placed) {
    if (start < done) throw new RangeError('edits of a statement overlap');
    result.push({ start: done, end: start });
    if ('keep' in edit) {
      for (const [index, range] of edit.keep.entries()) {
        if (index > 0) result.push(comma);
        result.push(statement.spanOf(range));
      }
    } else {
      const inserted = edit.tokens.first === edit.tokens.end;
      result.push(Buffer.from(inserted ? ` ${edit.text} ` : edit.text, encoding));
    }
    done = end;
  }
  result.push({ start: done, end: statement.end });
  return result;
}
