import type { Expression } from '../../sql/expression.ts';
import type { RoutingPlans } from '../../routing/routing-plan.ts';
import type { ParsedStatement } from '../../sql/parsed-statement.ts';
import { COLUMN_TYPE } from '../../../wire/column-type.ts';
import { COLLATION } from '../../../wire/column-type.ts';
import type { ColumnDefinition } from '../../../wire/column-definition.ts';
import { textLiteral } from '../../session/session-variables.ts';

/** What a value is without asking a server: its text; null for DEFAULT and NULL. Undefined where only a server can tell. */
export function plainValue(
  parsed: ParsedStatement<RoutingPlans>,
  value: Expression,
): { readonly text: string | null } | undefined {
  switch (value.kind) {
    case 'null':
    case 'default':
      return { text: null };
    case 'boolean':
      return { text: value.value ? '1' : '0' };
    case 'column':
      // A bare word: ON, Multi, utf8mb4.
      return value.column.table === null
        ? { text: parsed.textOf(value.tokens).replaceAll('`', '') }
        : undefined;
    case 'literal': {
      const literal = parsed.literal(value.literal);
      if (literal.kind === 'number') {
        return { text: (value.negative ? '-' : '') + literal.text };
      }
      return literal.kind === 'string' && !value.negative ? { text: literal.bytes.toString() } : undefined;
    }
    default:
      return undefined;
  }
}

const NUMBERS: ReadonlySet<number> = new Set([
  COLUMN_TYPE.tiny,
  COLUMN_TYPE.short,
  COLUMN_TYPE.long,
  COLUMN_TYPE.int24,
  COLUMN_TYPE.longlong,
  COLUMN_TYPE.decimal,
  COLUMN_TYPE.newDecimal,
  COLUMN_TYPE.year,
]);

/** A value that a server has computed, as a literal that gives a user variable the same type and value. */
export function literalOfValue(definition: ColumnDefinition, value: Buffer | null): string {
  if (value === null) {
    return 'NULL';
  }
  const text = value.toString('latin1');
  if (NUMBERS.has(definition.type)) {
    return text;
  }
  if (definition.type === COLUMN_TYPE.double || definition.type === COLUMN_TYPE.float) {
    return Number(text).toExponential();
  }
  return definition.collation === COLLATION.binary && !isTemporal(definition.type)
    ? `x'${value.toString('hex')}'`
    : textLiteral(value.toString('utf8'));
}

/** Whether a value has characters, and so a collation. */
export function isText({ type, collation }: ColumnDefinition): boolean {
  return (
    collation !== COLLATION.binary &&
    !NUMBERS.has(type) &&
    type !== COLUMN_TYPE.double &&
    type !== COLUMN_TYPE.float
  );
}

function isTemporal(type: number): boolean {
  return (
    type === COLUMN_TYPE.date ||
    type === COLUMN_TYPE.datetime ||
    type === COLUMN_TYPE.timestamp ||
    type === COLUMN_TYPE.time
  );
}
