import type { Query } from './query-shape.ts';
import type { Reader } from './reader.ts';
import { SYMBOL } from './token-cursor.ts';

const formatWords: ReadonlySet<string> = new Set([
  'CHARACTER',
  'CHARSET',
  'SET',
  'FIELDS',
  'COLUMNS',
  'LINES',
  'TERMINATED',
  'OPTIONALLY',
  'ENCLOSED',
  'ESCAPED',
  'STARTING',
  'BY',
  'BINARY',
  SYMBOL.literal,
]);

/** Reads INTO OUTFILE, INTO DUMPFILE or INTO @a, @b if it is there. */
export function readInto(reader: Reader): Query['into'] {
  const { cursor, builder } = reader;
  if (!cursor.accept('INTO')) return null;
  if (cursor.accept('OUTFILE')) {
    cursor.literal();
    readFileFormat(reader);
    return 'outfile';
  }
  if (cursor.accept('DUMPFILE')) {
    cursor.literal();
    return 'dumpfile';
  }
  reader.list(() => {
    if (!cursor.at(SYMBOL.userVariable)) cursor.fail('a user variable expected');
    builder.addUserVariable(cursor.textAt(cursor.position++));
  });
  builder.assignsUserVariables = true;
  return 'variables';
}

/** Passes over CHARACTER SET, FIELDS and LINES of a file. */
export function readFileFormat(reader: Reader): void {
  const { cursor } = reader;
  for (;;) {
    const charset = cursor.accept('CHARSET') || cursor.accept('CHARACTER', 'SET');
    if (charset && cursor.isName()) cursor.name();
    else if (cursor.acceptOneOf(formatWords) === null) return;
  }
}
