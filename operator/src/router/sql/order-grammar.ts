import type { Expression } from './expression.ts';
import type { Limit, OrderItem } from './query-shape.ts';
import type { Reader } from './reader.ts';

const rowWords: ReadonlySet<string> = new Set(['ROW', 'ROWS']);
const firstWords: ReadonlySet<string> = new Set(['FIRST', 'NEXT']);

/** Reads `expression [ASC|DESC], …`. */
export function readOrderItems(reader: Reader): OrderItem[] {
  return reader.list(() => {
    const expression = reader.expression();
    const descending = reader.cursor.accept('DESC');
    if (!descending) reader.cursor.accept('ASC');
    return { expression, descending };
  });
}

/** Reads an ORDER BY clause if there is one. */
export function readOrderBy(reader: Reader): OrderItem[] {
  if (!reader.cursor.accept('ORDER', 'BY')) return [];
  return readOrderItems(reader);
}

/** Reads a LIMIT, or OFFSET and FETCH, if there is one. */
export function readLimit(reader: Reader): Limit | null {
  const { cursor } = reader;
  const first = cursor.position;
  if (cursor.accept('LIMIT')) {
    let offset: Expression | null = null;
    let count: Expression | null = null;
    if (!cursor.at('ROWS')) {
      count = reader.expression();
      if (cursor.accept(',')) {
        offset = count;
        count = reader.expression();
      } else if (cursor.accept('OFFSET')) {
        offset = reader.expression();
      }
    }
    const special = cursor.accept('ROWS', 'EXAMINED');
    if (special) reader.expression();
    return { tokens: cursor.rangeFrom(first), offset, count, special };
  }
  if (!cursor.at('OFFSET') && !cursor.at('FETCH')) return null;
  let offset: Expression | null = null;
  let count: Expression | null = null;
  let special = false;
  if (cursor.accept('OFFSET')) {
    offset = reader.expression();
    if (cursor.acceptOneOf(rowWords) === null) cursor.fail('ROWS expected');
  }
  if (cursor.accept('FETCH')) {
    special = true;
    if (cursor.acceptOneOf(firstWords) === null) cursor.fail('FIRST expected');
    if (cursor.acceptOneOf(rowWords) === null) {
      count = reader.expression();
      if (cursor.acceptOneOf(rowWords) === null) cursor.fail('ROWS expected');
    }
    if (!cursor.accept('WITH', 'TIES')) {
      cursor.expect('ONLY');
      special = count === null;
    }
  }
  return { tokens: cursor.rangeFrom(first), offset, count, special };
}
