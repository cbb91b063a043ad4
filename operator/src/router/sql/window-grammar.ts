import { LEVEL } from './operators.ts';
import { readOrderBy } from './order-grammar.ts';
import type { Reader } from './reader.ts';

const boundWords: ReadonlySet<string> = new Set(['PRECEDING', 'FOLLOWING']);

/** Reads `OVER name` or `OVER (…)`. */
export function readOver(reader: Reader): void {
  const { cursor } = reader;
  cursor.expect('OVER');
  if (cursor.at('(')) readWindow(reader);
  else cursor.name();
}

/** Reads `WINDOW name AS (…), …` if it is there. */
export function readWindowClause(reader: Reader): void {
  const { cursor } = reader;
  if (!cursor.accept('WINDOW')) return;
  reader.list(() => {
    cursor.name();
    cursor.expect('AS');
    readWindow(reader);
  });
}

function readWindow(reader: Reader): void {
  const { cursor, builder } = reader;
  cursor.expect('(');
  const isMadeFromOther = cursor.isName() && !cursor.at('PARTITION');
  if (isMadeFromOther) cursor.name();
  const partition = cursor.accept('PARTITION', 'BY') ? reader.list(() => reader.expression()) : [];
  if (!isMadeFromOther || partition.length > 0) builder.scope?.windows.push(partition);
  readOrderBy(reader);
  if (cursor.accept('ROWS') || cursor.accept('RANGE')) {
    if (cursor.accept('BETWEEN')) {
      readBound(reader);
      cursor.expect('AND');
    }
    readBound(reader);
    if (cursor.accept('EXCLUDE') && !cursor.accept('CURRENT', 'ROW') && !cursor.accept('NO', 'OTHERS')) {
      if (!cursor.accept('GROUP') && !cursor.accept('TIES')) cursor.fail('a frame exclusion expected');
    }
  }
  cursor.expect(')');
}

function readBound(reader: Reader): void {
  const { cursor } = reader;
  if (cursor.accept('CURRENT', 'ROW')) return;
  if (!cursor.accept('UNBOUNDED')) reader.operation(LEVEL.bitOr);
  if (cursor.acceptOneOf(boundWords) === null) cursor.fail('PRECEDING or FOLLOWING expected');
}
