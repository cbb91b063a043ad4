import type { Dialect } from '../dialect.ts';
import type { ParsedStatement } from '../parsed-statement.ts';
import type { StatementShape } from '../statement-shape.ts';
import { DEFAULT_PARSER_LIMITS, StatementParser } from '../statement-parser.ts';

/** A session as MariaDB 10.11 begins it. */
export const DEFAULT_DIALECT: Dialect = {
  charset: 'utf8mb4',
  ansiQuotes: false,
  noBackslashEscapes: false,
  pipesAsConcat: false,
  highNotPrecedence: false,
  serverVersion: 101_119,
};

const parser = new StatementParser<never>(DEFAULT_PARSER_LIMITS);

/** Reads a statement. */
export function parse(text: string | Buffer, dialect: Partial<Dialect> = {}): ParsedStatement<never> {
  const buffer = typeof text === 'string' ? Buffer.from(text) : text;
  return parser.parse(buffer, { ...DEFAULT_DIALECT, ...dialect });
}

/** Reads a statement that must be of a kind. */
export function parseAs<Kind extends StatementShape['kind']>(
  kind: Kind,
  text: string,
  dialect: Partial<Dialect> = {},
): { readonly statement: ParsedStatement<never>; readonly shape: Extract<StatementShape, { kind: Kind }> } {
  const statement = parse(text, dialect);
  const { shape } = statement;
  if (shape.kind !== kind) {
    throw new Error(
      `${shape.kind}${shape.kind === 'unknown' ? ` (${shape.reason})` : ''}, not ${kind}: ${text}`,
    );
  }
  return { statement, shape: shape as Extract<StatementShape, { kind: Kind }> };
}
