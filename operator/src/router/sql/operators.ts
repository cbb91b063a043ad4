import type { Reader } from './reader.ts';

/** How tightly operators bind, the loosest first. Source: MariaDB documentation, "Operator Precedence"; sql/sql_yacc.yy. */
export const LEVEL = {
  or: 1,
  xor: 2,
  and: 3,
  not: 4,
  comparison: 5,
  bitOr: 6,
  bitAnd: 7,
  shift: 8,
  sum: 9,
  product: 10,
  power: 11,
  concatenation: 12,
  collate: 13,
} as const;

/** An operator between operands. */
export interface BinaryOperator {
  /** As in `ExpressionNode`. */
  readonly name: string;
  readonly level: number;
  /** Tokens of the operator itself. */
  readonly length: number;
  /** `a op b op c` is one operation of three operands. */
  readonly flat: boolean;
}

const plain: ReadonlyMap<string, BinaryOperator> = new Map(
  (
    [
      ['OR', 'OR', LEVEL.or, true],
      ['XOR', 'XOR', LEVEL.xor, false],
      ['AND', 'AND', LEVEL.and, true],
      ['&&', 'AND', LEVEL.and, true],
      ['=', '=', LEVEL.comparison, false],
      ['<=>', '<=>', LEVEL.comparison, false],
      ['<', '<', LEVEL.comparison, false],
      ['<=', '<=', LEVEL.comparison, false],
      ['>', '>', LEVEL.comparison, false],
      ['>=', '>=', LEVEL.comparison, false],
      ['<>', '<>', LEVEL.comparison, false],
      ['!=', '<>', LEVEL.comparison, false],
      ['IS', 'IS', LEVEL.comparison, false],
      ['IN', 'IN', LEVEL.comparison, false],
      ['LIKE', 'LIKE', LEVEL.comparison, false],
      ['BETWEEN', 'BETWEEN', LEVEL.comparison, false],
      ['REGEXP', 'REGEXP', LEVEL.comparison, false],
      ['RLIKE', 'REGEXP', LEVEL.comparison, false],
      ['|', '|', LEVEL.bitOr, true],
      ['&', '&', LEVEL.bitAnd, true],
      ['<<', '<<', LEVEL.shift, false],
      ['>>', '>>', LEVEL.shift, false],
      ['+', '+', LEVEL.sum, true],
      ['-', '-', LEVEL.sum, false],
      ['*', '*', LEVEL.product, true],
      ['/', '/', LEVEL.product, false],
      ['%', '%', LEVEL.product, false],
      ['DIV', 'DIV', LEVEL.product, false],
      ['MOD', 'MOD', LEVEL.product, false],
      ['^', '^', LEVEL.power, false],
      ['COLLATE', 'COLLATE', LEVEL.collate, false],
    ] as const
  ).map(([symbol, name, level, flat]) => [symbol, { name, level, length: 1, flat }]),
);

const negatable: ReadonlySet<string> = new Set(['IN', 'LIKE', 'BETWEEN', 'REGEXP', 'RLIKE']);
const orOperator: BinaryOperator = { name: 'OR', level: LEVEL.or, length: 1, flat: true };
const concatenation: BinaryOperator = { name: '||', level: LEVEL.concatenation, length: 1, flat: true };
const soundsLike: BinaryOperator = { name: 'SOUNDS LIKE', level: LEVEL.comparison, length: 2, flat: false };

/** The operator at the cursor, or null. */
export function binaryOperatorAt(reader: Reader): BinaryOperator | null {
  const { cursor } = reader;
  const symbol = cursor.peek();
  if (symbol === '||') return reader.dialect.pipesAsConcat ? concatenation : orOperator;
  if (symbol === 'SOUNDS' && cursor.at('SOUNDS', 'LIKE')) return soundsLike;
  if (symbol === 'NOT') {
    const negated = cursor.peek(1);
    const operator = negatable.has(negated) ? plain.get(negated) : undefined;
    return operator === undefined ? null : { ...operator, name: `NOT ${operator.name}`, length: 2 };
  }
  return plain.get(symbol) ?? null;
}
