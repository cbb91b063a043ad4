/** What a statement in the log means for whoever repeats rows only. */
import type { LoggedStatement } from './binlog-event.ts';

/**
 * - `end`, `undo`: the transaction ends, with its changes or without.
 * - `savepoint`, `undoTo`: rows between the two did not happen.
 * - `harmless`: changes no row and no definition of anything that a tail repeats.
 * - `other`: everything else: definitions, and changes that were logged as statements.
 */
export type StatementMeaning =
  | { readonly kind: 'end' | 'undo' | 'harmless' }
  | { readonly kind: 'savepoint' | 'undoTo'; readonly name: string }
  | { readonly kind: 'other'; readonly words: string };

/** Comments of every kind. What stands in one that the server executes, as in `DROP /*!40005 TEMPORARY *\/`, stays. */
const COMMENT = /\/\*(?![!M])[\s\S]*?\*\/|\/\*M?!\d*|\*\/|(?:--\s|#)[^\n]*/g;

/** Accounts and rights, figures about tables, and tables that only one session sees. */
const HARMLESS = [
  /^(BEGIN|START TRANSACTION|RELEASE SAVEPOINT|XA (START|BEGIN|END|PREPARE|ROLLBACK))\b/,
  /^(GRANT|REVOKE|SET PASSWORD|SET DEFAULT ROLE|FLUSH|RESET|CHANGE)\b/,
  /^(CREATE|ALTER|DROP|RENAME) (OR REPLACE )?(USER|ROLE)\b/,
  /^(ANALYZE|OPTIMIZE|CHECK)( NO_WRITE_TO_BINLOG| LOCAL)? TABLE\b/,
  /^(CREATE|DROP) (OR REPLACE )?TEMPORARY (TABLE|SEQUENCE)\b/,
];

/** Most words of a statement that are told: the rest may be data. */
const TOLD_WORDS = 2;

/** What a statement means; see {@link StatementMeaning}. Names in it are not looked at. */
export function readMeaning({ text }: LoggedStatement): StatementMeaning {
  const source = text.toString('utf8').trim();
  const savepoint = /^(SAVEPOINT|ROLLBACK TO(?: SAVEPOINT)?)\s+([\s\S]+)$/i.exec(source);
  if (savepoint?.[1] !== undefined && savepoint[2] !== undefined) {
    const kind = savepoint[1].toUpperCase() === 'SAVEPOINT' ? 'savepoint' : 'undoTo';
    return { kind, name: unquoted(savepoint[2]).toLowerCase() };
  }
  const words = source.replace(COMMENT, ' ').replaceAll(/\s+/g, ' ').trim().toUpperCase();
  if (words === 'COMMIT' || words.startsWith('XA COMMIT ')) {
    return { kind: 'end' };
  }
  if (words === 'ROLLBACK' || words.startsWith('XA ROLLBACK ')) {
    return { kind: 'undo' };
  }
  if (HARMLESS.some((pattern) => pattern.test(words))) {
    return { kind: 'harmless' };
  }
  return { kind: 'other', words: words.split(' ', TOLD_WORDS).filter(isPlainWord).join(' ') };
}

/**
 * Whether a statement may concern a database: it was the current one, or its name stands in the text, wherever that is.
 * May be mistaken in one direction only: a statement that is found not to concern it does not.
 */
export function mayConcern({ database: current, text }: LoggedStatement, database: string): boolean {
  if (current.toLowerCase() === database.toLowerCase()) {
    return true;
  }
  // A byte of another character set never looks like one of these names' characters without being one or the end of another name.
  const haystack = text.toString('latin1').toLowerCase();
  const name = Buffer.from(database).toString('latin1').toLowerCase();
  for (let at = haystack.indexOf(name); at >= 0; at = haystack.indexOf(name, at + 1)) {
    if (!continuesName(haystack, at - 1) && !continuesName(haystack, at + name.length)) {
      return true;
    }
  }
  return false;
}

/** Whether the character at a place belongs to an identifier. Source: https://mariadb.com/kb/en/identifier-names/ */
function continuesName(text: string, at: number): boolean {
  return /[0-9a-z_$\u0080-\u00ff]/.test(text.charAt(at));
}

function isPlainWord(word: string): boolean {
  return /^[A-Z]+$/.test(word);
}

/** An identifier without its quotes, of either kind. */
function unquoted(identifier: string): string {
  const [, quote, inner] = /^([`"])([\s\S]*)\1$/.exec(identifier) ?? [];
  return quote === undefined || inner === undefined ? identifier : inner.replaceAll(quote + quote, quote);
}
