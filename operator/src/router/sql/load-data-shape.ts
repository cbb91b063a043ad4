import type { TokenRange } from './expression.ts';
import type { ColumnAssignment } from './column-assignment.ts';

/** How a file's rows are written: literals of the statement, by index; null where the server's default holds. */
export interface FileFormatNode {
  /** In lower case; null where unsaid. */
  readonly charset: string | null;
  readonly fieldsTerminated: number | null;
  readonly fieldsEnclosed: number | null;
  readonly fieldsEscaped: number | null;
  readonly linesStarting: number | null;
  readonly linesTerminated: number | null;
}

/** LOAD DATA and LOAD XML. */
export interface LoadDataNode {
  readonly kind: 'loadData';
  readonly local: boolean;
  readonly format: 'DATA' | 'XML';
  readonly duplicates: 'replace' | 'ignore' | null;
  /** Literal with the file's name. */
  readonly file: number;
  /** Index into `tables`. */
  readonly table: number;
  readonly layout: FileFormatNode;
  /** Where a CHARACTER SET would stand: the token after the table. */
  readonly layoutStart: number;
  /** IGNORE n LINES: the literal, and its token. */
  readonly skipped: { readonly literal: number; readonly tokens: TokenRange } | null;
  /** In lower case, user variables with their `@`; null where none are named. */
  readonly columns: readonly string[] | null;
  /** Where the list of columns begins: the token after its parenthesis, if there is one. */
  readonly list: { readonly first: number; readonly inParentheses: boolean };
  /** SET column = expression. */
  readonly assignments: readonly ColumnAssignment[];
}
