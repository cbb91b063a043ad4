import { TOKEN } from './token-kind.ts';
import type { TokenList } from './token-list.ts';

/** Words that begin a statement of the stored programs' language, which can stand alone in MariaDB. */
const COMPOUND_WORDS: ReadonlySet<string> = new Set([
  'IF',
  'CASE',
  'LOOP',
  'WHILE',
  'REPEAT',
  'FOR',
  'DECLARE',
]);
const PROGRAM_WORDS: ReadonlySet<string> = new Set(['PROCEDURE', 'FUNCTION', 'TRIGGER', 'EVENT', 'PACKAGE']);
/** What else CREATE and ALTER are about: no program, whatever its name. */
const OTHER_WORDS: ReadonlySet<string> = new Set([
  'TABLE',
  'VIEW',
  'USER',
  'ROLE',
  'DATABASE',
  'SCHEMA',
  'INDEX',
  'SEQUENCE',
  'SERVER',
  'TABLESPACE',
]);
/** CREATE OR REPLACE DEFINER = `user` @`host` AGGREGATE FUNCTION is the longest way to the word; a few more do no harm. */
const LONGEST_PREFIX = 16;

/**
 * True when the tokens read so far begin a stored program or a compound statement, in which a `;` does not end the statement. The
 * rest of the text is then one statement with it: send it by `sendableText`, so that the server refuses a second statement in it.
 */
export function opensProgram(tokens: TokenList, sql: Uint8Array): boolean {
  const first = wordAt(tokens, sql, 0);
  if (COMPOUND_WORDS.has(first)) return true;
  if (first === 'BEGIN') return wordAt(tokens, sql, 1) === 'NOT';
  if (first !== 'CREATE' && first !== 'ALTER') return false;
  for (let index = 1; index < Math.min(tokens.count, LONGEST_PREFIX); index++) {
    const word = wordAt(tokens, sql, index);
    if (PROGRAM_WORDS.has(word)) return true;
    if (OTHER_WORDS.has(word)) return false;
  }
  return false;
}

function wordAt(tokens: TokenList, sql: Uint8Array, index: number): string {
  const kind = index < tokens.count ? tokens.kinds[index] : 0;
  if (kind !== TOKEN.word && kind !== TOKEN.reserved) return '';
  return Buffer.from(sql.buffer, sql.byteOffset, sql.byteLength)
    .toString('latin1', tokens.starts[index], tokens.ends[index])
    .toUpperCase();
}
