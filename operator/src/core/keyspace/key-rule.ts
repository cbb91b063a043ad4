import { type CollationRule, readCollation } from './collations.ts';
import { type KeyRefusal, refuseKey } from './key-literal.ts';

/** What is known of a key column: as `information_schema.COLUMNS` gives it. */
export interface KeyColumn {
  /** `COLUMN_TYPE`: `bigint(20) unsigned`, `varchar(36)`. */
  readonly columnType: string;
  /** `COLLATION_NAME`; null for columns without one. */
  readonly collation: string | null;
}

/** How values of a column become keys. Plain data, to be made once for each column with {@link readKeyRule} and kept. */
export type KeyRule =
  IntegerRule | DecimalRule | TextRule | BinaryRule | DateRule | { readonly kind: 'uuid' };

/** Of TINYINT to BIGINT. */
export interface IntegerRule {
  readonly kind: 'integer';
  /** Bounds of the type, included, as decimal text. */
  readonly least: string;
  readonly most: string;
}

/** Of DECIMAL. */
export interface DecimalRule {
  readonly kind: 'decimal';
  /** Digits in all, and after the point. */
  readonly precision: number;
  readonly scale: number;
  readonly isUnsigned: boolean;
}

/** Of CHAR and VARCHAR. */
export interface TextRule extends CollationRule {
  readonly kind: 'text';
  /** Most characters. */
  readonly length: number;
  /** Whether spaces at the end are no part of the key: always in CHAR, and where the collation pads. */
  readonly trims: boolean;
  /** Whether keys are in the order in which MariaDB has the values: under most binary collations. */
  readonly isOrdered: boolean;
}

/** Of BINARY and VARBINARY. */
export interface BinaryRule {
  readonly kind: 'binary';
  /** Most bytes, or in BINARY all. */
  readonly length: number;
  readonly isFixed: boolean;
}

/** Of DATE, and of DATETIME with so many digits of a second. */
export interface DateRule {
  readonly kind: 'date' | 'datetime';
  readonly digits: number;
}

const INTEGER_BITS: Readonly<Record<string, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  mediumint: 24n,
  int: 32n,
  bigint: 64n,
};

const COLUMN_TYPE = /^([a-z]+)(?:\((\d+)(?:,(\d+))?\))?( unsigned)?( zerofill)?$/;

/** How the values of a column become keys, or why they cannot. */
export function readKeyRule(column: KeyColumn): KeyRule | KeyRefusal {
  const [, name = '', length, scale = '0', unsigned, zerofill] = COLUMN_TYPE.exec(column.columnType) ?? [];
  const bits = INTEGER_BITS[name];
  if (bits !== undefined) {
    return integerRule(bits, unsigned !== undefined);
  }
  switch (name) {
    case 'decimal':
      return zerofill === undefined
        ? {
            kind: 'decimal',
            precision: Number(length),
            scale: Number(scale),
            isUnsigned: unsigned !== undefined,
          }
        : refuseType(column);
    case 'char':
    case 'varchar':
      return textRule(column, name === 'char', Number(length));
    case 'binary':
    case 'varbinary':
      return { kind: 'binary', length: Number(length), isFixed: name === 'binary' };
    case 'uuid':
      return { kind: 'uuid' };
    case 'date':
      return { kind: 'date', digits: 0 };
    case 'datetime':
      return { kind: 'datetime', digits: Number(length ?? 0) };
    default:
      return refuseType(column);
  }
}

function integerRule(bits: bigint, isUnsigned: boolean): IntegerRule {
  const least = isUnsigned ? 0n : -(2n ** (bits - 1n));
  const most = least + 2n ** bits - 1n;
  return { kind: 'integer', least: String(least), most: String(most) };
}

function textRule({ collation }: KeyColumn, isFixed: boolean, length: number): TextRule | KeyRefusal {
  const rule = collation === null ? undefined : readCollation(collation);
  if (rule === undefined) {
    return refuseKey(
      'UnsupportedCollation',
      `is in a column of collation ${collation ?? '(none)'}, in which it is not known what is equal`,
      'Give the column the collation utf8mb4_bin',
    );
  }
  // CHAR is filled up with spaces, which come after control characters whether the collation pads or not.
  const isOrdered = rule.characters !== 'printable' && (rule.padded || !isFixed);
  return { kind: 'text', length, trims: isFixed || rule.padded, isOrdered, ...rule };
}

function refuseType({ columnType }: KeyColumn): KeyRefusal {
  return refuseKey(
    'UnsupportedType',
    `is in a column of type ${columnType.slice(0, 64)}, whose values have no exact text`,
    'Use an integer, DECIMAL, CHAR, VARCHAR, BINARY, VARBINARY, UUID, DATE or DATETIME',
  );
}
