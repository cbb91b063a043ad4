import type { FileFormatNode } from './load-data-shape.ts';
import type { Reader } from './reader.ts';

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** Reads CHARACTER SET, FIELDS and LINES of a file. What is said twice counts as the server counts it: the last. */
export function readFileFormat(reader: Reader): FileFormatNode {
  const { cursor } = reader;
  const format: Writable<FileFormatNode> = {
    charset: null,
    fieldsTerminated: null,
    fieldsEnclosed: null,
    fieldsEscaped: null,
    linesStarting: null,
    linesTerminated: null,
  };
  if (cursor.accept('CHARSET') || cursor.accept('CHARACTER', 'SET')) format.charset = readCharset(reader);
  if (cursor.accept('FIELDS') || cursor.accept('COLUMNS')) readFields(reader, format);
  if (cursor.accept('LINES')) readLines(reader, format);
  return format;
}

function readCharset({ cursor }: Reader): string {
  if (cursor.accept('BINARY')) return 'binary';
  if (!cursor.isName()) cursor.fail('the plain name of a character set expected');
  return cursor.name().toLowerCase();
}

function readFields({ cursor }: Reader, format: Writable<FileFormatNode>): void {
  const first = cursor.position;
  for (;;) {
    if (cursor.accept('TERMINATED', 'BY')) format.fieldsTerminated = cursor.literal();
    else if (cursor.accept('OPTIONALLY', 'ENCLOSED', 'BY') || cursor.accept('ENCLOSED', 'BY'))
      format.fieldsEnclosed = cursor.literal();
    else if (cursor.accept('ESCAPED', 'BY')) format.fieldsEscaped = cursor.literal();
    else if (cursor.position === first) cursor.fail('TERMINATED, ENCLOSED or ESCAPED expected');
    else return;
  }
}

function readLines({ cursor }: Reader, format: Writable<FileFormatNode>): void {
  const first = cursor.position;
  for (;;) {
    if (cursor.accept('STARTING', 'BY')) format.linesStarting = cursor.literal();
    else if (cursor.accept('TERMINATED', 'BY')) format.linesTerminated = cursor.literal();
    else if (cursor.position === first) cursor.fail('STARTING or TERMINATED expected');
    else return;
  }
}
