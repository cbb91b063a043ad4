/** Canonical keys by MariaDB: the text of what a column holds, as `canonicalKey` makes it of a literal. */
import { assertNever } from '../assert-never.ts';
import type { KeyRule } from './key-rule.ts';

/**
 * An expression for the bytes of the key of the row that it is evaluated for. `column`: an expression for the key column.
 * It depends neither on `sql_mode` nor on the character set and collation of the connection.
 */
export function canonicalKeySql(column: string, rule: KeyRule): string {
  switch (rule.kind) {
    case 'integer':
      // The sum of a ZEROFILL column has no zeros in front.
      return asAscii(`${column} + 0`);
    case 'decimal':
      return rule.scale === 0 ? asAscii(column) : withoutFractionZeros(asAscii(column));
    case 'datetime':
      return rule.digits === 0 ? asAscii(column) : withoutFractionZeros(asAscii(column));
    case 'date':
    case 'uuid':
      return asAscii(column);
    case 'binary':
      return column;
    case 'text': {
      const text = rule.trims ? `RTRIM(${asUtf8(column)})` : asUtf8(column);
      // Of that collation, since in Turkish ones the lower case of I is not i.
      return rule.foldsCase ? `LOWER(${text} COLLATE utf8mb4_general_ci)` : text;
    }
    default:
      return assertNever(rule);
  }
}

/** The same as a text that MariaDB has in the order of the keys: for columns of keyspaces that are cut by intervals. */
export function orderedKeySql(column: string, rule: KeyRule): string {
  const padded = rule.kind === 'text' && rule.padded;
  return `CONVERT(${canonicalKeySql(column, rule)} USING utf8mb4) COLLATE ${padded ? 'utf8mb4_bin' : 'utf8mb4_nopad_bin'}`;
}

function asAscii(expression: string): string {
  return `CAST(${expression} AS CHAR CHARACTER SET ascii)`;
}

function asUtf8(column: string): string {
  return `CONVERT(${column} USING utf8mb4)`;
}

function withoutFractionZeros(text: string): string {
  return `TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM ${text}))`;
}
