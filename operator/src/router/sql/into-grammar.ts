import { readFileFormat } from './file-format-grammar.ts';
import type { Query } from './query-shape.ts';
import type { Reader } from './reader.ts';
import { SYMBOL } from './token-cursor.ts';

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
