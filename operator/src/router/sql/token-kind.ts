/** What a token is. Numbers, as they are kept by the million in byte arrays. */
export const TOKEN = {
  /** A word that can be a name or have a meaning of its own: the grammar decides. */
  word: 1,
  /** A word that can never be a name. */
  reserved: 2,
  /** What can only be a name: in backticks (in double quotes under ANSI_QUOTES), or attached to a dot, or beginning with a digit. */
  name: 3,
  /** Number, string, hexadecimal or bit value, or a `?`. */
  literal: 4,
  /** `@name` */
  userVariable: 5,
  /** `@@name`, the first component alone. */
  systemVariable: 6,
  /** An operator or punctuation. */
  operator: 7,
} as const;

/** How a literal is written; it decides how its value is read. */
export const LITERAL = {
  number: 1,
  string: 2,
  nationalString: 3,
  /** x'…' */
  hexString: 4,
  /** 0x… */
  hexNumber: 5,
  /** b'…' */
  bitString: 6,
  /** 0b… */
  bitNumber: 7,
  parameter: 8,
} as const;
