/**
 * What a byte means outside of quotes, as MariaDB's lexer sorts them (sql/sql_lex.cc, `lex_init` of its character sets). Bytes from 0x80 are
 * parts of names: in UTF-8 all of them, in latin1 the letters from 0xC0, the others being refused although the server takes some.
 */
export const CLASS = {
  /** Nothing in a statement may begin with it. */
  invalid: 0,
  space: 1,
  letter: 2,
  /** x, b, n and capitals: a quote right after makes them the prefix of a literal. */
  prefixLetter: 3,
  digit: 4,
  singleQuote: 5,
  doubleQuote: 6,
  backtick: 7,
  at: 8,
  dot: 9,
  minus: 10,
  slash: 11,
  star: 12,
  hash: 13,
  questionMark: 14,
  semicolon: 15,
  /** `<`, `>`, `!`, `:`, `&`, `|`: perhaps the first byte of a longer operator. */
  compound: 16,
  /** An operator of its own. */
  operator: 17,
} as const;

const FIRST_LATIN1_LETTER = 0xc0;
const LATIN1_SIGNS: readonly number[] = [0xd7, 0xf7];

function buildClasses(isLetter: (byte: number) => boolean): Uint8Array {
  const classes = new Uint8Array(256);
  const assign = (characters: string, kind: number): void => {
    for (const character of characters) classes[character.charCodeAt(0)] = kind;
  };
  assign('\t\n\v\f\r ', CLASS.space);
  assign('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$', CLASS.letter);
  assign('xXbBnN', CLASS.prefixLetter);
  assign('0123456789', CLASS.digit);
  assign("'", CLASS.singleQuote);
  assign('"', CLASS.doubleQuote);
  assign('`', CLASS.backtick);
  assign('@', CLASS.at);
  assign('.', CLASS.dot);
  assign('-', CLASS.minus);
  assign('/', CLASS.slash);
  assign('*', CLASS.star);
  assign('#', CLASS.hash);
  assign('?', CLASS.questionMark);
  assign(';', CLASS.semicolon);
  assign('<>!:&|', CLASS.compound);
  assign('=+%^~,()[]{}', CLASS.operator);
  for (let byte = 0x80; byte < 256; byte++) classes[byte] = isLetter(byte) ? CLASS.letter : CLASS.invalid;
  return classes;
}

function buildNameBytes(classes: Uint8Array): Uint8Array {
  return classes.map((kind) =>
    kind === CLASS.letter || kind === CLASS.prefixLetter || kind === CLASS.digit ? 1 : 0,
  );
}

/** Class of each byte in UTF-8. */
export const utf8Classes: Uint8Array = buildClasses(() => true);
/** Class of each byte in latin1. */
export const latin1Classes: Uint8Array = buildClasses(
  (byte) => byte >= FIRST_LATIN1_LETTER && !LATIN1_SIGNS.includes(byte),
);
/** 1 for each byte an unquoted name can hold in UTF-8. */
export const utf8NameBytes: Uint8Array = buildNameBytes(utf8Classes);
/** 1 for each byte an unquoted name can hold in latin1. */
export const latin1NameBytes: Uint8Array = buildNameBytes(latin1Classes);
