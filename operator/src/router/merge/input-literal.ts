/** Values of merged groups as literals that have the type they are of. */
import type { ColumnDefinition } from '../../wire/column-definition.ts';
import { COLLATION, COLUMN_FLAG, COLUMN_TYPE } from '../../wire/column-type.ts';
import { MergeError } from './merge-error.ts';

/** One value: as the server wrote it, and where it is a text also its bytes and the name of their character set. */
export interface InputValue {
  readonly text: Buffer | null;
  readonly bytes: Buffer | null;
  readonly charset: string | null;
}

/** Writes a value. @throws MergeError for one that no literal says exactly */
export type WriteLiteral = (value: InputValue) => string;

const NULL = 'NULL';
/** `decimals` of a DOUBLE that is written with all its digits. */
const NOT_FIXED = 31;
/** A DATE, TIME or DATETIME that exists; the others depend on the sql_mode. */
const DATE = /^(?!0000)\d{4}-(?!00)\d\d-(?!00)\d\d$/;
const DATE_TIME = /^(?!0000)\d{4}-(?!00)\d\d-(?!00)\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?$/;
const TIME = /^-?\d{2,3}:\d\d:\d\d(?:\.\d{1,6})?$/;
const CHARSET = /^[a-z][a-z0-9]*$/;

/** How values of a column are written. @throws MergeError for types of which there are no such literals */
export function literalWriter(definition: ColumnDefinition): WriteLiteral {
  const { type, flags, decimals, extended, collation } = definition;
  if ((flags & (COLUMN_FLAG.enum | COLUMN_FLAG.set)) !== 0 || extended.length > 0) {
    throw notExact(definition);
  }
  const isUnsigned = (flags & COLUMN_FLAG.unsigned) !== 0;
  switch (type) {
    case COLUMN_TYPE.null:
      return () => NULL;
    case COLUMN_TYPE.year:
      return integer(definition, true);
    case COLUMN_TYPE.tiny:
    case COLUMN_TYPE.short:
    case COLUMN_TYPE.int24:
    case COLUMN_TYPE.long:
    case COLUMN_TYPE.longlong:
      // Where zeros are in front, the text is more than the number.
      if ((flags & COLUMN_FLAG.zerofill) !== 0) {
        throw notExact(definition);
      }
      return integer(definition, isUnsigned);
    case COLUMN_TYPE.decimal:
    case COLUMN_TYPE.newDecimal:
      if ((flags & COLUMN_FLAG.zerofill) !== 0) {
        throw notExact(definition);
      }
      return whole(definition, (text) =>
        /^-?\d+(?:\.\d+)?$/.test(text) ? (text.includes('.') ? text : `${text}.`) : null,
      );
    case COLUMN_TYPE.double:
      if (decimals < NOT_FIXED) {
        throw notExact(definition);
      }
      return whole(definition, writeExponent);
    case COLUMN_TYPE.date:
    case COLUMN_TYPE.newDate:
      return whole(definition, (text) => (DATE.test(text) ? `DATE'${text}'` : null));
    case COLUMN_TYPE.datetime:
      return whole(definition, (text) => (DATE_TIME.test(text) ? `TIMESTAMP'${text}'` : null));
    case COLUMN_TYPE.time:
      return whole(definition, (text) => (TIME.test(text) ? `TIME'${text}'` : null));
    case COLUMN_TYPE.varchar:
    case COLUMN_TYPE.varString:
    case COLUMN_TYPE.string:
    case COLUMN_TYPE.tinyBlob:
    case COLUMN_TYPE.mediumBlob:
    case COLUMN_TYPE.longBlob:
    case COLUMN_TYPE.blob:
      return collation === COLLATION.binary
        ? ({ text }) => (text === null ? NULL : `x'${text.toString('hex')}'`)
        : (value) => charactersOf(definition, value);
    default:
      throw notExact(definition);
  }
}

/** With an exponent a literal is a DOUBLE. Null for a sum that is beyond all numbers. */
function writeExponent(text: string): string | null {
  const value = Number(text);
  if (!Number.isFinite(value)) {
    return null;
  }
  return Object.is(value, -0) ? '-0e0' : value.toExponential();
}

/** NULL has the type, too: beside one without sign it would make a number with sign, and of both a decimal. */
function integer(definition: ColumnDefinition, isUnsigned: boolean): WriteLiteral {
  return ({ text }) => {
    const written = text?.toString('latin1') ?? NULL;
    if (written === '0000') {
      throw notExact(definition);
    }
    return `CAST(${written} AS ${isUnsigned ? 'UNSIGNED' : 'SIGNED'})`;
  };
}

/** In the character set that the server has it in: a conversion could lose some. */
function charactersOf(definition: ColumnDefinition, { bytes, charset }: InputValue): string {
  if (bytes === null) {
    return NULL;
  }
  if (charset === null || !CHARSET.test(charset)) {
    throw notExact(definition);
  }
  return `_${charset} x'${bytes.toString('hex')}'`;
}

function whole(definition: ColumnDefinition, write: (text: string) => string | null): WriteLiteral {
  return ({ text }) => {
    const written = text === null ? NULL : write(text.toString('latin1'));
    if (written === null) {
      throw notExact(definition);
    }
    return written;
  };
}

function notExact({ name, type }: ColumnDefinition): MergeError {
  return new MergeError(
    'Unsupported',
    `${name}, a value of type ${type}, is calculated with over several slots, and no literal says it exactly: convert it with CAST, or give the key`,
  );
}
