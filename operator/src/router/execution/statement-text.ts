import type { Dialect } from '../sql/dialect.ts';
import { type Edit, sendableText } from '../sql/rewrite.ts';
import { scanStatement } from '../sql/scanner.ts';
import { LITERAL } from '../sql/token-kind.ts';
import { literalKind, TokenList } from '../sql/token-list.ts';
import type { Statement } from './statement.ts';

/** The text of a statement with some changes. */
export function editedText({ parsed }: Statement, edits: readonly Edit[]): Buffer {
  return sendableText(parsed, edits);
}

/** Most tokens of a statement whose parameters are written into it. */
const MAX_TOKENS = 4_000_000;

/**
 * The text of a prepared statement with its values instead of `?`: servers that each get a part of it number the rest
 * differently.
 */
export function inlineParameters(sql: Buffer, dialect: Dialect, sqlText: (index: number) => string): Buffer {
  const tokens = new TokenList(MAX_TOKENS);
  scanStatement(tokens, sql, 0, dialect);
  const parts: Buffer[] = [];
  let done = 0;
  for (let at = 0; at + 2 < tokens.literals.length; at += 3) {
    const [start = 0, end = 0, code = 0] = tokens.literals.slice(at, at + 3);
    const { kind, parameter } = literalKind(code);
    if (kind === LITERAL.parameter) {
      // Spaces, so that no value becomes a part of what stands beside it.
      parts.push(sql.subarray(done, start), Buffer.from(` ${sqlText(parameter)} `));
      done = end;
    }
  }
  parts.push(sql.subarray(done));
  return Buffer.concat(parts);
}
