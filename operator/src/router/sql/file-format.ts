/** How the rows of a file stand in it, by LOAD DATA. Source: https://mariadb.com/kb/en/load-data-infile/ */
import { assertNever } from '../../runtime/assert-never.ts';
import type { Literal } from './literal.ts';
import type { LoadDataNode } from './load-data-shape.ts';

/** Bytes that give a file its form. */
export interface FileFormat {
  readonly fieldTerminator: Buffer;
  /** Null: fields are not enclosed. */
  readonly enclosure: number | null;
  /** Null: nothing is escaped. */
  readonly escape: number | null;
  /** What a row begins with; all before it is passed over. Empty: nothing. */
  readonly linePrefix: Buffer;
  readonly lineTerminator: Buffer;
  /** Lines in front that are no rows. */
  readonly skippedLines: number;
}

/** What of a statement says how its file is to be read. */
export interface FileFormatSource {
  readonly statement: Pick<LoadDataNode, 'layout' | 'skipped'>;
  readonly literal: (index: number) => Literal;
  /** sql_mode NO_BACKSLASH_ESCAPES: a backslash escapes only where the statement says so. */
  readonly noBackslashEscapes: boolean;
}

/** A file that is not read: why, as half a sentence after "a file", and what to do. */
export interface UnreadFormat {
  readonly kind: 'unread';
  readonly reason: string;
  readonly hint: string;
}

/** Character sets in which no byte of another character is an ASCII byte. */
const PLAIN_CHARACTER_SETS: ReadonlySet<string> = new Set([
  'utf8mb4',
  'utf8mb3',
  'utf8',
  'latin1',
  'ascii',
  'binary',
]);

const BACKSLASH = 0x5c;
const SPACE_FOR_LINES = 1_000_000_000;

/** Reads the format of a statement's file, as far as rows can be told apart by it without knowing the table. */
export function readFormat({
  statement: { layout, skipped },
  literal,
  noBackslashEscapes,
}: FileFormatSource): FileFormat | UnreadFormat {
  const bytes = (index: number | null, otherwise: string): Buffer =>
    index === null ? Buffer.from(otherwise) : bytesOf(literal(index));
  const fieldTerminator = bytes(layout.fieldsTerminated, '\t');
  const lineTerminator = bytes(layout.linesTerminated, '\n');
  const enclosure = bytes(layout.fieldsEnclosed, '');
  const escape = bytes(layout.fieldsEscaped, noBackslashEscapes ? '' : String.fromCharCode(BACKSLASH));
  const linePrefix = bytes(layout.linesStarting, '');
  const skippedLines = skipped === null ? 0 : Number(bytesOf(literal(skipped.literal)).toString('latin1'));
  if (layout.charset !== null && !PLAIN_CHARACTER_SETS.has(layout.charset)) {
    return unread(`in the character set ${layout.charset}`, 'Convert it to utf8mb4');
  }
  if (fieldTerminator.length === 0 || lineTerminator.length === 0) {
    return unread('without separators', 'Write what FIELDS and LINES are TERMINATED BY');
  }
  if (fieldTerminator.equals(lineTerminator)) {
    return unread('whose fields and lines end alike', 'Let LINES be TERMINATED BY something else');
  }
  if (enclosure.length > 1 || escape.length > 1) {
    return unread('with several characters for ENCLOSED BY or ESCAPED BY', 'Use one character');
  }
  if ([fieldTerminator, lineTerminator, enclosure, escape, linePrefix].some((part) => !isAscii(part))) {
    return unread('with separators that are not ASCII', 'Use ASCII characters');
  }
  if (!Number.isSafeInteger(skippedLines) || skippedLines > SPACE_FOR_LINES) {
    return unread('with such a number of lines to IGNORE', 'Write a plain number');
  }
  return {
    fieldTerminator,
    enclosure: enclosure[0] ?? null,
    escape: escape[0] ?? null,
    linePrefix,
    lineTerminator,
    skippedLines,
  };
}

function unread(reason: string, hint: string): UnreadFormat {
  return { kind: 'unread', reason, hint };
}

function bytesOf(literal: Literal): Buffer {
  switch (literal.kind) {
    case 'string':
    case 'bytes':
      return literal.bytes;
    case 'number':
      return Buffer.from(literal.text);
    case 'parameter':
      return Buffer.from('?');
    default:
      return assertNever(literal);
  }
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < 0x80);
}
