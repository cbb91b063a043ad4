import type { Expression, ExpressionNode } from './expression.ts';
import { LEVEL, binaryOperatorAt } from './operators.ts';
import type { BinaryOperator } from './operators.ts';
import { readLiteral, readPrimary } from './primary-grammar.ts';
import type { Reader } from './reader.ts';
import { SYMBOL } from './token-cursor.ts';

/** How many operators that cannot be made one operation can follow each other: it bounds how deep the result is. */
const LONGEST_CHAIN = 250;
const quantifiers: ReadonlySet<string> = new Set(['ALL', 'ANY', 'SOME']);
const truths: ReadonlySet<string> = new Set(['NULL', 'TRUE', 'FALSE', 'UNKNOWN']);

/** Reads an expression of operators that bind at least as tightly as `level`. */
export function readOperation(reader: Reader, level: number): Expression {
  const { cursor } = reader;
  const following = cursor.peek(1);
  if ((following === ',' || following === ')') && cursor.isLiteral()) return readLiteral(reader, null);
  return reader.deeper(() => readOperators(reader, readPrefixed(reader), level));
}

/** Reads the operators from `level` on, with their operands, that follow `first`. */
export function readOperators(reader: Reader, first: Expression, level: number): Expression {
  let left = first;
  let chain = 0;
  for (;;) {
    const operator = binaryOperatorAt(reader);
    if (operator === null || operator.level < level) return left;
    if (++chain > LONGEST_CHAIN) reader.cursor.fail('an expression of too many operators');
    left = operator.flat ? readFlat(reader, left, operator) : readBinary(reader, left, operator);
  }
}

/** Reads `op b op c …` after `left`. */
function readFlat(reader: Reader, left: Expression, operator: BinaryOperator): Expression {
  const operands = [left];
  for (;;) {
    reader.cursor.position += operator.length;
    operands.push(readOperation(reader, operator.level + 1));
    const next = binaryOperatorAt(reader);
    if (next?.name !== operator.name) break;
  }
  return node(reader, left, { kind: 'operation', operator: operator.name, operands });
}

function readBinary(reader: Reader, left: Expression, operator: BinaryOperator): Expression {
  const { cursor } = reader;
  cursor.position += operator.length;
  switch (operator.name) {
    case 'IS':
      return readIs(reader, left);
    case 'IN':
    case 'NOT IN':
      return node(reader, left, {
        kind: 'operation',
        operator: operator.name,
        operands: [left].concat(readInList(reader)),
      });
    case 'BETWEEN':
    case 'NOT BETWEEN': {
      const low = readOperation(reader, LEVEL.bitOr);
      cursor.expect('AND');
      const high = readOperation(reader, LEVEL.bitOr);
      return node(reader, left, { kind: 'operation', operator: operator.name, operands: [left, low, high] });
    }
    case 'LIKE':
    case 'NOT LIKE': {
      const operands = [left, readOperation(reader, LEVEL.bitOr)];
      if (cursor.accept('ESCAPE')) operands.push(readOperation(reader, LEVEL.bitOr));
      return node(reader, left, { kind: 'operation', operator: operator.name, operands });
    }
    case 'COLLATE':
      if (!cursor.accept('BINARY') && !cursor.accept('DEFAULT') && !cursor.accept(SYMBOL.literal))
        cursor.name();
      return node(reader, left, { kind: 'operation', operator: 'COLLATE', operands: [left] });
    default:
      return node(reader, left, {
        kind: 'operation',
        operator: operator.name,
        operands: [left, readOperand(reader, operator)],
      });
  }
}

/** Reads the right side of an operator; of a comparison it can be ANY (SELECT …). */
function readOperand(reader: Reader, operator: BinaryOperator): Expression {
  const { cursor } = reader;
  const first = cursor.position;
  if (operator.level === LEVEL.comparison && cursor.peek(1) === '(') {
    const quantifier = cursor.acceptOneOf(quantifiers);
    if (quantifier !== null) {
      const name = quantifier === 'ALL' ? 'ALL' : 'ANY';
      const operand = readParenthesised(reader);
      return { kind: 'operation', operator: name, operands: [operand], tokens: cursor.rangeFrom(first) };
    }
  }
  return readOperation(reader, operator.level + 1);
}

function readIs(reader: Reader, left: Expression): Expression {
  const { cursor } = reader;
  const not = cursor.accept('NOT') ? 'NOT ' : '';
  const tested = cursor.acceptOneOf(truths);
  if (tested === null) cursor.fail('NULL, TRUE, FALSE or UNKNOWN expected');
  const operator = `IS ${not}${tested === 'UNKNOWN' ? 'NULL' : tested}`;
  return node(reader, left, { kind: 'operation', operator, operands: [left] });
}

function readInList(reader: Reader): Expression[] {
  const { cursor } = reader;
  const first = cursor.position;
  cursor.expect('(');
  if (reader.startsQuery()) {
    const query = reader.query('expression');
    cursor.expect(')');
    return [{ kind: 'subquery', query, tokens: cursor.rangeFrom(first) }];
  }
  const items: Expression[] = [];
  if (reader.startsQueryInParentheses()) {
    const inner = readParenthesised(reader);
    if (inner.kind === 'subquery' && reader.continuesQuery()) {
      return [readSubquery(reader, first, reader.restOfQuery('expression', inner.query))];
    }
    items.push(readOperators(reader, inner, LEVEL.or));
    if (cursor.accept(')')) return items;
    cursor.expect(',');
  }
  for (const item of reader.list(() => reader.expression())) items.push(item);
  cursor.expect(')');
  return items;
}

function readPrefixed(reader: Reader): Expression {
  const { cursor } = reader;
  const first = cursor.position;
  switch (cursor.peek()) {
    case 'NOT': {
      cursor.position++;
      const level = reader.dialect.highNotPrecedence ? LEVEL.collate : LEVEL.not;
      return readPrefixedOperand(reader, first, 'NOT', level);
    }
    case '!':
      cursor.position++;
      return readPrefixedOperand(reader, first, 'NOT', LEVEL.collate);
    case '~':
      cursor.position++;
      return readPrefixedOperand(reader, first, '~', LEVEL.collate);
    case '-': {
      cursor.position++;
      const operand = readOperation(reader, LEVEL.collate);
      const tokens = cursor.rangeFrom(first);
      if (operand.kind === 'literal' && !operand.negative) {
        return { ...operand, negative: true, tokens };
      }
      return { kind: 'operation', operator: 'NEGATE', operands: [operand], tokens };
    }
    case '+': {
      cursor.position++;
      const operand = readOperation(reader, LEVEL.collate);
      return { ...operand, tokens: cursor.rangeFrom(first) };
    }
    case 'BINARY':
      cursor.position++;
      return readPrefixedOperand(reader, first, 'BINARY', LEVEL.collate);
    case '(':
      return readParenthesised(reader);
    default:
      return readPrimary(reader);
  }
}

function readPrefixedOperand(reader: Reader, first: number, operator: string, level: number): Expression {
  const operand = readOperation(reader, level);
  return { kind: 'operation', operator, operands: [operand], tokens: reader.cursor.rangeFrom(first) };
}

/** Reads `(expression)`, `(a, b)` or `(SELECT …)`. */
export function readParenthesised(reader: Reader): Expression {
  return reader.deeper(() => {
    const { cursor } = reader;
    const first = cursor.position;
    cursor.expect('(');
    if (reader.startsQuery()) return readSubquery(reader, first, reader.query('expression'));
    let item: Expression;
    if (reader.startsQueryInParentheses()) {
      const inner = readParenthesised(reader);
      if (inner.kind === 'subquery' && reader.continuesQuery()) {
        return readSubquery(reader, first, reader.restOfQuery('expression', inner.query));
      }
      item = readOperators(reader, inner, LEVEL.or);
    } else {
      item = reader.expression();
    }
    if (cursor.at(',')) {
      const items = [item];
      while (cursor.accept(',')) items.push(reader.expression());
      cursor.expect(')');
      return { kind: 'row', items, tokens: cursor.rangeFrom(first) };
    }
    cursor.expect(')');
    return { ...item, tokens: cursor.rangeFrom(first) };
  });
}

function readSubquery(reader: Reader, first: number, query: number): Expression {
  reader.cursor.expect(')');
  return { kind: 'subquery', query, tokens: reader.cursor.rangeFrom(first) };
}

function node(reader: Reader, left: Expression, parts: ExpressionNode): Expression {
  return { ...parts, tokens: reader.cursor.rangeFrom(left.tokens.first) };
}
