/** Texts in which quotes, comments and parameters are mixed as no application should. */
import fc from 'fast-check';

const INSIDE = [
  '?',
  "'",
  '"',
  '`',
  '\\',
  '\\\\',
  "''",
  '""',
  '``',
  '--',
  '-- ',
  '#',
  '/*',
  '*/',
  ' ',
  'a',
  'é',
  ';',
  '%',
  '_',
  '/*!',
  '\n',
  '@',
  'n',
  '0',
  'Z',
];

/** What may stand inside of quotes and comments, or end them too early. */
export const inside: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...INSIDE), { maxLength: 5 })
  .map((parts) => parts.join(''));

/** The versions in front of conditional comments that decide differently. */
const VERSION = fc.constantFrom(
  '',
  '50000',
  '50699',
  '50700',
  '99999',
  '100000',
  '101100',
  '110800',
  '999999',
  '1234',
);

const number = fc.constantFrom(
  '1',
  '.5',
  '1.',
  '1e5',
  '1.5E-3',
  '0x4A',
  '0b101',
  "x'4a'",
  "B'1'",
  '1e1',
  '0xab',
  '- 1',
  '--1',
  '- -1',
  '1 -- 1\n',
  '1--1',
);

const item = fc.oneof(
  { weight: 3, arbitrary: fc.constant('?') },
  { weight: 2, arbitrary: number },
  { weight: 4, arbitrary: inside.map((text) => `'${text}'`) },
  { weight: 3, arbitrary: inside.map((text) => `"${text}"`) },
  { weight: 1, arbitrary: inside.map((text) => `N'${text}'`) },
  { weight: 1, arbitrary: inside.map((text) => `_utf8mb4 '${text}'`) },
  { weight: 2, arbitrary: inside.map((text) => `1 AS \`${text}a\``) },
  { weight: 1, arbitrary: inside.map((text) => `@\`${text}\``) },
  { weight: 1, arbitrary: inside.map((text) => `@'${text}'`) },
  { weight: 2, arbitrary: inside.map((text) => `/*${text}*/ ?`) },
  { weight: 2, arbitrary: inside.map((text) => `? -- ${text}\n`) },
  { weight: 1, arbitrary: inside.map((text) => `? #${text}\n`) },
  {
    weight: 2,
    arbitrary: fc.tuple(VERSION, inside).map(([version, text]) => `1 /*!${version} + ? ${text}*/`),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(VERSION, inside).map(([version, text]) => `1 /*M!${version} + ? ${text}*/ + ?`),
  },
  { weight: 1, arbitrary: VERSION.map((version) => `1 /*!${version} + ? /* ? */ + ? */ + ?`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '\\N',
      '@@version',
      '@@session.sql_mode',
      '@a.b',
      '@ AS x',
      '1 AS 1a',
      '1 AS é',
      '(?)',
      '? <=> ?',
      '?<?',
      '!?',
      '@a:=?',
      '? DIV ?',
      '1.a',
      '? AS `?`',
    ),
  },
);

/** A SELECT without tables. */
export const selectText: fc.Arbitrary<string> = fc
  .array(item, { minLength: 1, maxLength: 4 })
  .map((items) => `SELECT ${items.join(', ')}`);

/** One string in quotes of either sort. */
export const quotedText: fc.Arbitrary<string> = fc
  .tuple(inside, fc.constantFrom("'", '"'))
  .map(([text, quote]) => `${quote}${text}${quote}`);
