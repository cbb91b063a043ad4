import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FileFormat } from '../../sql/file-format.ts';
import { type FileRow, FileRows, RowTooLongError } from './file-rows.ts';

const TABS: FileFormat = {
  fieldTerminator: Buffer.from('\t'),
  enclosure: null,
  escape: 0x5c,
  linePrefix: Buffer.alloc(0),
  lineTerminator: Buffer.from('\n'),
  skippedLines: 0,
};
const CSV: FileFormat = {
  ...TABS,
  fieldTerminator: Buffer.from(','),
  enclosure: 0x22,
  lineTerminator: Buffer.from('\r\n'),
};

function read(
  pieces: readonly (string | Buffer)[],
  format: FileFormat = TABS,
  fields = 2,
  maxRowBytes = 1 << 20,
): FileRow[] {
  const rows = new FileRows({
    format,
    fields,
    wanted: Array.from({ length: fields }, (_field, index) => index),
    maxRowBytes,
  });
  const found: FileRow[] = [];
  for (const piece of [...pieces, null]) {
    found.push(
      ...rows
        .take(piece === null ? null : Buffer.from(piece))
        .map((row) => ({ ...row, content: Buffer.from(row.content), prefix: Buffer.from(row.prefix) })),
    );
  }
  return found;
}

function values(file: string, format: FileFormat = TABS, fields = 2): unknown[] {
  return read([file], format, fields).map((row) =>
    row.values.map((value) => (value === null || value === undefined ? value : value.toString())),
  );
}

describe('FileRows', () => {
  it.each<[string, string, FileFormat, unknown[]]>([
    [
      'ends with or without the last line’s end',
      '1\ta\n2\tb',
      TABS,
      [
        ['1', 'a'],
        ['2', 'b'],
      ],
    ],
    ['has no row behind the last line’s end', '1\ta\n', TABS, [['1', 'a']]],
    ['is empty', '', TABS, []],
    ['has an empty line', '\n', TABS, [['', undefined]]],
    [
      'lacks fields',
      '1\n2\tb\n',
      TABS,
      [
        ['1', undefined],
        ['2', 'b'],
      ],
    ],
    [
      'has more fields',
      '1\ta\tx\ty\n2\tb\n',
      TABS,
      [
        ['1', 'a'],
        ['2', 'b'],
      ],
    ],
    ['ends behind a separator', '1\t', TABS, [['1', undefined]]],
    ['has NULL', '\\N\tN\n', TABS, [[null, 'N']]],
    ['has more than NULL', '\\Nx\t\\\\N\n', TABS, [['Nx', '\\N']]],
    ['has escapes', 'a\\tb\tc\\nd\\0\\Z\\b\\r\\x\n', TABS, [['a\tb', 'c\nd\0\u001A\b\rx']]],
    ['escapes separators', '1\\\t2\\\n3\tb\n', TABS, [['1\t2\n3', 'b']]],
    ['ends with an escape', '1\ta\\', TABS, [['1', 'a\\']]],
    [
      'has quotes',
      '"1,2","a""b"\r\n3,4\r\n',
      CSV,
      [
        ['1,2', 'a"b'],
        ['3', '4'],
      ],
    ],
    ['has line ends in quotes', '"a\r\nb",2\r\n', CSV, [['a\r\nb', '2']]],
    ['has quotes within a field', 'a"b,c\r\n', CSV, [['a"b', 'c']]],
    ['has text behind a quote', '"a"b,c\r\n', CSV, [['"a"b,c\r\n', undefined]]],
    ['does not close a quote', '"a,b', CSV, [['"a,b', undefined]]],
    ['ends with a quote', '1,"b"', CSV, [['1', 'b']]],
    ['has the word NULL', 'NULL,"NULL"\r\n', CSV, [[null, 'NULL']]],
    ['has half a line’s end', 'a\rb,c\r\n', CSV, [['a\rb', 'c']]],
    ['escapes by its quotes', '"a""b","c"\r\n', { ...CSV, escape: 0x22 }, [['a"b', 'c']]],
    [
      'has prefixes',
      'junk>>1\ta\nmore junk>>2\tb\n',
      { ...TABS, linePrefix: Buffer.from('>>') },
      [
        ['1', 'a'],
        ['2', 'b'],
      ],
    ],
    ['has lines to ignore', 'head\\\nline\n1\ta\n', { ...TABS, skippedLines: 1 }, [['1', 'a']]],
    ['has fewer lines than are ignored', 'head\n', { ...TABS, skippedLines: 3 }, []],
  ])('a file that %s', (_case, file, format, expected) => {
    expect(values(file, format)).toEqual(expected);
  });

  it('finds the same rows however the file is cut', () => {
    const files = fc.string({
      unit: fc.constantFrom('a', '1', ',', '"', '\\', '\r', '\n', 'N', '>'),
      maxLength: 60,
    });
    const formats = fc.constantFrom<FileFormat>(
      CSV,
      { ...CSV, escape: null },
      { ...CSV, escape: 0x22 },
      { ...CSV, linePrefix: Buffer.from('>1') },
      { ...CSV, enclosure: null, skippedLines: 1 },
      { ...CSV, lineTerminator: Buffer.from('\n'), fieldTerminator: Buffer.from(',,') },
    );
    fc.assert(
      fc.property(files, formats, fc.array(fc.nat(60), { maxLength: 6 }), (file, format, cuts) => {
        const places = [0, ...cuts.map((cut) => Math.min(cut, file.length)), file.length].toSorted(
          (a, b) => a - b,
        );
        const pieces = places.slice(1).map((end, index) => file.slice(places[index], end));
        expect(read(pieces, format)).toEqual(read([file], format));
      }),
      { numRuns: 2000 },
    );
  });

  it('loses no byte of the rows', () => {
    const file = '"1",2,3\r\n4\r\n\r\n5,"6\r\n7"';
    const rows = read(file.split(''), CSV);
    expect(rows.map(({ content }) => content.toString()).join('')).toBe(file);
    expect(rows.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  });

  it('gives up a row that does not end', () => {
    expect(() => read(['x'.repeat(40), 'x'.repeat(80)], TABS, 2, 100)).toThrow(RowTooLongError);
  });
});
