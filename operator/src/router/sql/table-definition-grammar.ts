import type { Reader } from './reader.ts';
import type { DefinitionNode } from './statement-shape.ts';
import { readTableName } from './table-name-grammar.ts';
import { SYMBOL } from './token-cursor.ts';

/** What CREATE TABLE says beyond its name. */
type TableParts = Pick<DefinitionNode, 'query' | 'like' | 'references' | 'columns'>;

/** Words that begin what is no column in the parentheses of CREATE TABLE. */
const constraintWords: ReadonlySet<string> = new Set([
  'CONSTRAINT',
  'PRIMARY',
  'KEY',
  'INDEX',
  'UNIQUE',
  'FULLTEXT',
  'SPATIAL',
  'FOREIGN',
  'CHECK',
]);

/** Reads the rest of CREATE TABLE after the table's name. */
export function readCreateTable(reader: Reader): TableParts {
  const { cursor } = reader;
  const references: number[] = [];
  let columns: string[] = [];
  if (cursor.accept('LIKE')) return { ...noParts, like: readTableName(reader, 'read') };
  if (cursor.accept('(', 'LIKE')) {
    const like = readTableName(reader, 'read');
    cursor.expect(')');
    return { ...noParts, like };
  }
  if (cursor.at('(') && !reader.startsQueryInParentheses()) columns = readColumns(reader, references);
  while (!cursor.ended && !startsQuery(reader)) {
    if (cursor.at('(')) readGroup(reader, references);
    else readOption(reader, references);
  }
  if (cursor.ended) return { query: null, like: null, references, columns };
  if (!cursor.accept('IGNORE')) cursor.accept('REPLACE');
  cursor.accept('AS');
  return { query: reader.query('root'), like: null, references, columns };
}

const noParts: TableParts = { query: null, like: null, references: [], columns: [] };

function startsQuery(reader: Reader): boolean {
  const { cursor } = reader;
  if (cursor.at('WITH')) return cursor.peek(1) !== 'SYSTEM';
  const offset = cursor.at('IGNORE') || cursor.at('REPLACE') ? 1 : 0;
  if (cursor.peek(offset) === 'AS' || cursor.peek(offset) === 'SELECT' || cursor.peek(offset) === 'VALUES')
    return true;
  return reader.startsQueryInParentheses();
}

function readColumns(reader: Reader, references: number[]): string[] {
  const { cursor } = reader;
  const columns: string[] = [];
  cursor.expect('(');
  do {
    const period = cursor.at('PERIOD', 'FOR') || cursor.at('VECTOR', 'INDEX') || cursor.at('VECTOR', 'KEY');
    if (!constraintWords.has(cursor.peek()) && !period) columns.push(cursor.name().toLowerCase());
    readDefinitionItem(reader, references);
  } while (cursor.accept(','));
  cursor.expect(')');
  return columns;
}

/** Passes over one element of the parentheses of CREATE TABLE, up to its comma or the closing parenthesis. */
function readDefinitionItem(reader: Reader, references: number[]): void {
  const { cursor } = reader;
  while (!cursor.at(',') && !cursor.at(')')) {
    if (cursor.at('(')) readGroup(reader, references);
    else readOption(reader, references);
  }
}

/** Passes over parentheses and what is in them. */
function readGroup(reader: Reader, references: number[]): void {
  const { cursor } = reader;
  let depth = 0;
  do {
    if (cursor.at('(')) depth++;
    else if (cursor.at(')')) depth--;
    readOption(reader, references);
  } while (depth > 0);
}

/** Passes over one word of a definition, or over the table it names. */
function readOption(reader: Reader, references: number[]): void {
  const { cursor } = reader;
  if (cursor.ended) cursor.fail('more expected');
  if (cursor.accept('REFERENCES')) {
    references.push(readTableName(reader, 'read'));
    return;
  }
  refuseWhatNamesTables(reader);
  cursor.position++;
}

/** Gives up at words that name tables in ways that are not read here. */
function refuseWhatNamesTables(reader: Reader): void {
  const { cursor } = reader;
  const dotted = cursor.at('.');
  const sequence =
    cursor.at('NEXTVAL') || cursor.at('LASTVAL') || cursor.at('SETVAL') || cursor.at('VALUE', 'FOR');
  const query = cursor.at('SELECT') || cursor.at('UNION') || cursor.at('WITH', SYMBOL.name);
  if (dotted || sequence || query || cursor.at(';')) {
    cursor.fail('a definition that names other tables');
  }
}

/**
 * Passes over the changes of ALTER TABLE, or the options of another definition. `table` is the index of the table changed, null
 * where there is none.
 */
export function readTableChanges(
  reader: Reader,
  table: number | null,
): Pick<DefinitionNode, 'references' | 'renames'> {
  const { cursor } = reader;
  const references: number[] = [];
  const renames: { from: number; to: number }[] = [];
  while (!cursor.ended) {
    if (cursor.accept('EXCHANGE', 'PARTITION')) {
      cursor.name();
      cursor.expect('WITH', 'TABLE');
      readTableName(reader, 'write');
    } else if (cursor.at('CONVERT', 'TABLE') || cursor.at('CONVERT', 'PARTITION')) {
      cursor.fail('CONVERT of a partition is not read');
    } else if (cursor.at('RENAME') && !namesPart(cursor.peek(1))) {
      cursor.position++;
      if (!cursor.accept('TO') && !cursor.accept('AS')) cursor.accept('=');
      const to = readTableName(reader, 'write');
      if (table !== null) renames.push({ from: table, to });
    } else {
      readOption(reader, references);
    }
  }
  return { references, renames };
}

function namesPart(word: string): boolean {
  return word === 'COLUMN' || word === 'INDEX' || word === 'KEY';
}
