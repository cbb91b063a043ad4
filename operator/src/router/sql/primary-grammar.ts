import { readCall } from './call-grammar.ts';
import type { Expression, ExpressionNode } from './expression.ts';
import type { Reader } from './reader.ts';
import { operation, readBraces, readCase, readInterval, readMatch } from './special-form-grammar.ts';
import { readSequence } from './table-name-grammar.ts';
import { SYMBOL } from './token-cursor.ts';

/** Character sets that can stand in front of a string as `_name`. Source: information_schema.character_sets of 10.11 and 11.8. */
const introducers: ReadonlySet<string> = new Set(
  `_big5 _dec8 _cp850 _hp8 _koi8r _latin1 _latin2 _swe7 _ascii _ujis _sjis _hebrew _tis620 _euckr _koi8u _gb2312 _greek _cp1250
_gbk _latin5 _armscii8 _utf8 _utf8mb3 _utf8mb4 _ucs2 _cp866 _keybcs2 _macce _macroman _cp852 _latin7 _cp1251 _utf16 _utf16le
_cp1256 _cp1257 _utf32 _binary _geostd8 _cp932 _eucjpms`
    .split(/\s+/)
    .map((name) => name.toUpperCase()),
);
const typedLiterals: ReadonlySet<string> = new Set(['DATE', 'TIME', 'TIMESTAMP']);
const scopes: ReadonlyMap<string, 'global' | 'session'> = new Map([
  ['global', 'global'],
  ['session', 'session'],
  ['local', 'session'],
]);
/** Functions that can be called without parentheses. */
const bareFunctions: ReadonlySet<string> = new Set([
  'CURRENT_DATE',
  'CURRENT_ROLE',
  'CURRENT_TIME',
  'CURRENT_TIMESTAMP',
  'CURRENT_USER',
  'LOCALTIME',
  'LOCALTIMESTAMP',
  'UTC_DATE',
  'UTC_TIME',
  'UTC_TIMESTAMP',
]);
/** Reserved words that are functions before a parenthesis. */
const reservedFunctions: ReadonlySet<string> = new Set([
  'CHAR',
  'CONVERT',
  'IF',
  'INSERT',
  'LEFT',
  'MOD',
  'REPEAT',
  'REPLACE',
  'RIGHT',
  'ROW_NUMBER',
  'VALUES',
]);

/** Reads what stands between operators, unless it begins with a parenthesis. */
export function readPrimary(reader: Reader): Expression {
  const { cursor, builder } = reader;
  const first = cursor.position;
  const symbol = cursor.peek();
  switch (symbol) {
    case SYMBOL.literal:
      return readLiteral(reader, null);
    case SYMBOL.userVariable:
      return readUserVariable(reader);
    case SYMBOL.systemVariable:
      return readSystemVariable(reader);
    case 'NULL':
      cursor.position++;
      return { kind: 'null', tokens: cursor.rangeFrom(first) };
    case 'TRUE':
    case 'FALSE':
      cursor.position++;
      return { kind: 'boolean', value: symbol === 'TRUE', tokens: cursor.rangeFrom(first) };
    case 'DEFAULT':
      cursor.position++;
      if (cursor.at('(')) return readCall(reader, first, null, 'DEFAULT');
      return { kind: 'default', tokens: cursor.rangeFrom(first) };
    case 'EXISTS':
      cursor.position++;
      return operation(reader, first, 'EXISTS', [reader.parenthesised()]);
    case 'INTERVAL':
      return readInterval(reader);
    case 'CASE':
      return readCase(reader);
    case 'MATCH':
      return readMatch(reader);
    case '{':
      return readBraces(reader);
    default:
  }
  if (bareFunctions.has(symbol) || (reservedFunctions.has(symbol) && cursor.peek(1) === '(')) {
    cursor.position++;
    if (cursor.at('(')) return readCall(reader, first, null, symbol);
    builder.addFunction(null, symbol);
    return bareCall(reader, first, symbol);
  }
  if (cursor.isName()) return readNamed(reader);
  return cursor.fail('an expression expected');
}

/** Reads a literal (several strings in a row are one) after its introducer, if it has one. */
export function readLiteral(reader: Reader, introducer: string | null): Expression {
  const { cursor } = reader;
  const first = cursor.position - (introducer === null ? 0 : 1);
  const literal = cursor.literal();
  const value: Expression = {
    kind: 'literal',
    literal,
    negative: false,
    introducer,
    tokens: cursor.rangeFrom(first),
  };
  if (!cursor.isLiteral()) return value;
  const operands: Expression[] = [value];
  while (cursor.isLiteral()) {
    const start = cursor.position;
    const next = cursor.literal();
    operands.push({ ...value, literal: next, introducer: null, tokens: cursor.rangeFrom(start) });
  }
  return operation(reader, first, 'CONCATENATION', operands);
}

function readUserVariable(reader: Reader): Expression {
  const { cursor, builder } = reader;
  const first = cursor.position;
  const name = cursor.textAt(cursor.position++).toLowerCase();
  builder.addUserVariable(name);
  const variable: Expression = { kind: 'userVariable', name, tokens: cursor.rangeFrom(first) };
  if (!cursor.accept(':=')) return variable;
  builder.assignsUserVariables = true;
  return operation(reader, first, ':=', [variable, reader.expression()]);
}

function readSystemVariable(reader: Reader): Expression {
  const { cursor, builder } = reader;
  const first = cursor.position;
  let name = cursor.textAt(cursor.position++).toLowerCase();
  let scope: 'global' | 'session' | null = null;
  if (cursor.accept('.')) {
    scope = scopes.get(name) ?? null;
    name = scope === null ? `${name}.${cursor.name()}` : cursor.name();
    name = name.toLowerCase();
    if (cursor.accept('.')) name = `${name}.${cursor.name().toLowerCase()}`;
  }
  builder.addSystemVariable(name);
  return { kind: 'systemVariable', scope, name, tokens: cursor.rangeFrom(first) };
}

/** Reads what begins with a name: a column, a call of a function, or one of the words that are no names here. */
function readNamed(reader: Reader): Expression {
  const { cursor } = reader;
  const first = cursor.position;
  const symbol = cursor.peek();
  const following = cursor.peek(1);
  if (following === SYMBOL.literal) {
    if (introducers.has(symbol)) {
      cursor.position++;
      return readLiteral(reader, symbol.slice(1).toLowerCase());
    }
    if (typedLiterals.has(symbol)) {
      cursor.position++;
      return operation(reader, first, 'TYPED', [readLiteral(reader, null)]);
    }
  }
  if (following === '(') {
    if (symbol === 'ROW') {
      cursor.position++;
      const row = reader.parenthesised();
      const items = row.kind === 'row' ? row.items : [row];
      return { kind: 'row', items, tokens: cursor.rangeFrom(first) };
    }
    cursor.position++;
    return readCall(
      reader,
      first,
      null,
      symbol === SYMBOL.name ? cursor.textAt(first).toUpperCase() : symbol,
    );
  }
  if ((symbol === 'NEXT' || symbol === 'PREVIOUS') && cursor.at(symbol, 'VALUE', 'FOR')) {
    cursor.position += 3;
    readSequence(reader);
    reader.builder.addFunction(null, symbol === 'NEXT' ? 'NEXTVAL' : 'LASTVAL');
    return bareCall(reader, first, symbol === 'NEXT' ? 'NEXTVAL' : 'LASTVAL');
  }
  return readColumn(reader);
}

function readColumn(reader: Reader): Expression {
  const { cursor, builder } = reader;
  const first = cursor.position;
  const names = [cursor.name()];
  while (names.length < 3 && cursor.at('.') && cursor.peek(1) !== '*') {
    cursor.position++;
    names.push(cursor.name());
    if (names.length === 2 && cursor.at('(')) {
      const [schema, routine] = names as [string, string];
      builder.addQualifier(schema, first, 'routine', routine);
      return readCall(reader, first, schema, routine.toUpperCase());
    }
  }
  const name = names.pop() as string;
  const table = names.pop() ?? null;
  const schema = names.pop() ?? null;
  if (schema !== null && table !== null) builder.addQualifier(schema, first, 'column', table);
  const column = { schema, table, name: name.toLowerCase() };
  return { kind: 'column', column, tokens: cursor.rangeFrom(first) };
}

function bareCall(reader: Reader, first: number, name: string): Expression {
  const call: ExpressionNode = {
    kind: 'call',
    schema: null,
    name,
    arguments: [],
    aggregate: false,
    distinct: false,
    window: false,
    ordered: false,
    orderBy: [],
  };
  return { ...call, tokens: reader.cursor.rangeFrom(first) };
}
