import type { TokenRange } from './expression.ts';
import type { ParsedStatement } from './parsed-statement.ts';

/**
 * A change to a statement's text. Its ranges must not overlap those of the other edits.
 *
 * - `text`: the tokens (and what stands between them) are replaced by it. An empty range (`first === end`) inserts after
 *   the token before; white space is put around.
 * - `keep`: of the tokens only these parts are left, with commas between them.
 */
export type Edit = TextEdit | { readonly tokens: TokenRange; readonly keep: readonly TokenRange[] };

interface TextEdit {
  readonly tokens: TokenRange;
  readonly text: string;
}

const comma = Buffer.from(', ');

/** A part of the rewritten text: new, or taken over from `start` up to `end` of the old one. */
type Piece = Buffer | { readonly start: number; readonly end: number };

/**
 * The statement's text with the edits made; the rest of it stays byte for byte. Without edits it is the statement's own buffer.
 * @throws RangeError when edits overlap: a mistake of the caller.
 */
export function rewriteStatement(statement: ParsedStatement<unknown>, edits: readonly Edit[]): Buffer {
  const [edit] = edits;
  if (edit === undefined) return statement.sql;
  if (edits.length === 1 && 'text' in edit) return rewriteOnce(statement, edit);
  return Buffer.concat(
    pieces(statement, edits).map((piece) =>
      Buffer.isBuffer(piece) ? piece : statement.text.subarray(piece.start, piece.end),
    ),
  );
}

/** As {@link rewriteStatement}, for one replacement, such as the name of a table's database: without pieces. */
function rewriteOnce(statement: ParsedStatement<unknown>, { tokens, text }: TextEdit): Buffer {
  const { from, end } = statement;
  const encoding = encodingOf(statement);
  const replaced = statement.spanOf(tokens);
  const replacement = tokens.first === tokens.end ? ` ${text} ` : text;
  const length = Buffer.byteLength(replacement, encoding);
  const before = replaced.start - from;
  const result = Buffer.allocUnsafe(before + length + end - replaced.end);
  statement.text.copy(result, 0, from, replaced.start);
  result.write(replacement, before, encoding);
  statement.text.copy(result, before + length, replaced.end, end);
  return result;
}

function encodingOf({ dialect }: ParsedStatement<unknown>): 'latin1' | 'utf8' {
  return dialect.charset === 'latin1' ? 'latin1' : 'utf8';
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
  const encoding = encodingOf(statement);
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
