/**
 * What of a session changes how its statements are read. Sessions with sql_mode ORACLE or EMPTY_STRING_IS_NULL, and clients with a
 * character set whose characters can contain ASCII bytes (big5, cp932, gbk, gb18030, sjis), must be refused before: they cannot be expressed here.
 */
export interface Dialect {
  /** character_set_client: ascii and utf8mb3 read like utf8mb4; other one-byte character sets must be refused, except latin1. */
  readonly charset: 'utf8mb4' | 'latin1';
  /** sql_mode ANSI_QUOTES: `"x"` is a name. */
  readonly ansiQuotes: boolean;
  /** sql_mode NO_BACKSLASH_ESCAPES. */
  readonly noBackslashEscapes: boolean;
  /** sql_mode PIPES_AS_CONCAT: `||` concatenates. */
  readonly pipesAsConcat: boolean;
  /** sql_mode HIGH_NOT_PRECEDENCE: NOT binds like `!`. */
  readonly highNotPrecedence: boolean;
  /** The servers' version as in their own conditional comments: 101119 for 10.11.19, 110802 for 11.8.2. */
  readonly serverVersion: number;
}
