import { reservedWords } from './reserved-words.ts';
import { TOKEN } from './token-kind.ts';
import type { TokenList } from './token-list.ts';

/** The digest of a statement for people, logs and metrics: no literal is in it. Cut after `limit` characters. */
export function digestText(tokens: TokenList, sql: Buffer, latin1: boolean, limit: number): string {
  const parts: string[] = [];
  let length = 0;
  for (let index = 0; index < tokens.count; index++) {
    const part = tokenText(tokens, sql, index, latin1);
    length += part.length + 1;
    if (length > limit) {
      parts.push('…');
      break;
    }
    parts.push(part);
  }
  return parts.join(' ');
}

function tokenText(tokens: TokenList, sql: Buffer, index: number, latin1: boolean): string {
  const kind = tokens.kinds[index];
  if (kind === TOKEN.literal) return '?';
  if (kind === TOKEN.reserved) return reservedWords[tokens.details[index] as number] as string;
  return sql.toString(latin1 ? 'latin1' : 'utf8', tokens.starts[index], tokens.ends[index]);
}
