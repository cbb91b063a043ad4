import type { Expression } from './expression.ts';
import { LEVEL } from './operators.ts';
import type { Reader } from './reader.ts';
import { readIntervalUnit } from './type-grammar.ts';

const matchModifiers: ReadonlySet<string> = new Set([
  'IN',
  'BOOLEAN',
  'NATURAL',
  'LANGUAGE',
  'MODE',
  'WITH',
  'QUERY',
  'EXPANSION',
]);

/** Reads `{fn NOW()}` or `{d '2020-01-01'}`, as ODBC writes functions and dates. */
export function readBraces(reader: Reader): Expression {
  const { cursor } = reader;
  const first = cursor.position;
  cursor.expect('{');
  cursor.name();
  const value = reader.expression();
  cursor.expect('}');
  return operation(reader, first, 'TYPED', [value]);
}

/** Reads `INTERVAL 1 DAY`, or a call of the function INTERVAL. */
export function readInterval(reader: Reader): Expression {
  const { cursor } = reader;
  const first = cursor.position;
  cursor.expect('INTERVAL');
  let value: Expression;
  if (cursor.at('(')) {
    const inside = reader.parenthesised();
    if (inside.kind === 'row') return operation(reader, first, 'INTERVAL', inside.items);
    value = reader.restOfExpression(inside);
  } else {
    value = reader.expression();
  }
  if (!readIntervalUnit(reader)) cursor.fail('a unit of time expected');
  return operation(reader, first, 'INTERVAL', [value]);
}

/** Reads CASE. */
export function readCase(reader: Reader): Expression {
  const { cursor } = reader;
  const first = cursor.position;
  cursor.expect('CASE');
  const operands: Expression[] = [];
  if (!cursor.at('WHEN')) operands.push(reader.expression());
  while (cursor.accept('WHEN')) {
    operands.push(reader.expression());
    cursor.expect('THEN');
    operands.push(reader.expression());
  }
  if (cursor.accept('ELSE')) operands.push(reader.expression());
  cursor.expect('END');
  return operation(reader, first, 'CASE', operands);
}

/** Reads MATCH … AGAINST. */
export function readMatch(reader: Reader): Expression {
  const { cursor } = reader;
  const first = cursor.position;
  cursor.expect('MATCH');
  const columns = reader.list(() => reader.operation(LEVEL.collate));
  cursor.expect('AGAINST', '(');
  const text = reader.operation(LEVEL.bitOr);
  while (cursor.acceptOneOf(matchModifiers) !== null);
  cursor.expect(')');
  return operation(reader, first, 'MATCH', [...columns, text]);
}

/** The operation that was read from `first` up to the cursor. */
export function operation(
  reader: Reader,
  first: number,
  operator: string,
  operands: readonly Expression[],
): Expression {
  return { kind: 'operation', operator, operands, tokens: reader.cursor.rangeFrom(first) };
}
