import type { Expression } from './expression.ts';
import type { Reader } from './reader.ts';
import type { StatementNode } from './statement-shape.ts';
import { readQualifiedName, readTableName } from './table-name-grammar.ts';

const tableWords: ReadonlySet<string> = new Set(['TABLE', 'TABLES']);

/** Reads USE. */
export function readUse(reader: Reader): StatementNode {
  reader.cursor.expect('USE');
  return { kind: 'use', schema: reader.cursor.name() };
}

/** Reads CALL. */
export function readProcedureCall(reader: Reader): StatementNode {
  const { cursor } = reader;
  cursor.expect('CALL');
  const { schema, name } = readQualifiedName(reader, 'routine');
  let items: Expression[] = [];
  if (cursor.accept('(') && !cursor.accept(')')) {
    items = reader.list(() => reader.expression());
    cursor.expect(')');
  }
  return { kind: 'call', schema, name, arguments: items };
}

/** Reads DO. */
export function readDo(reader: Reader): StatementNode {
  reader.cursor.expect('DO');
  return { kind: 'do', expressions: reader.list(() => reader.expression()) };
}

/** Reads KILL. */
export function readKill(reader: Reader): StatementNode {
  const { cursor } = reader;
  cursor.expect('KILL');
  const hard = !cursor.accept('SOFT');
  if (hard) cursor.accept('HARD');
  if (cursor.accept('USER')) {
    cursor.position = cursor.count;
    return { kind: 'kill', what: 'user', hard, id: null };
  }
  if (cursor.accept('QUERY', 'ID')) return { kind: 'kill', what: 'queryId', hard, id: reader.expression() };
  const what = cursor.accept('QUERY') ? 'query' : 'connection';
  if (what === 'connection') cursor.accept('CONNECTION');
  return { kind: 'kill', what, hard, id: reader.expression() };
}

/** Reads PREPARE. */
export function readPrepare(reader: Reader): StatementNode {
  const { cursor } = reader;
  cursor.expect('PREPARE');
  const name = cursor.name();
  cursor.expect('FROM');
  return { kind: 'prepare', name, text: readText(reader) };
}

/** Reads EXECUTE or EXECUTE IMMEDIATE. */
export function readExecute(reader: Reader): StatementNode {
  const { cursor } = reader;
  cursor.expect('EXECUTE');
  if (cursor.accept('IMMEDIATE')) {
    return { kind: 'executeImmediate', text: readText(reader), arguments: readUsing(reader) };
  }
  return { kind: 'execute', name: cursor.name(), arguments: readUsing(reader) };
}

/** Reads DEALLOCATE PREPARE and DROP PREPARE. */
export function readDeallocate(reader: Reader): StatementNode {
  const { cursor } = reader;
  if (!cursor.accept('DEALLOCATE')) cursor.expect('DROP');
  cursor.expect('PREPARE');
  return { kind: 'deallocate', name: cursor.name() };
}

function readText(reader: Reader): Expression {
  const text = reader.expression();
  if (text.kind !== 'literal' && text.kind !== 'userVariable') {
    reader.cursor.fail('a string or a user variable expected before this');
  }
  return text;
}

function readUsing(reader: Reader): Expression[] {
  return reader.cursor.accept('USING') ? reader.list(() => reader.expression()) : [];
}

/** Reads LOCK TABLES. */
export function readLockTables(reader: Reader): StatementNode {
  const { cursor, builder } = reader;
  cursor.expect('LOCK');
  if (cursor.acceptOneOf(tableWords) === null) cursor.fail('TABLES expected');
  const locks = reader.list(() => {
    const index = readTableName(reader, 'read');
    const table = builder.tables[index];
    const alias = cursor.accept('AS') || cursor.isName() ? cursor.name() : null;
    let mode: 'read' | 'write' = 'read';
    if (cursor.accept('READ')) {
      cursor.accept('LOCAL');
    } else {
      cursor.accept('LOW_PRIORITY');
      cursor.expect('WRITE');
      cursor.accept('CONCURRENT');
      mode = 'write';
    }
    if (table !== undefined) {
      table.alias = alias;
      table.access = mode;
    }
    return { table: index, mode };
  });
  if (cursor.accept('WAIT')) cursor.literal();
  else cursor.accept('NOWAIT');
  return { kind: 'lockTables', locks };
}

/** Reads UNLOCK TABLES. */
export function readUnlockTables(reader: Reader): StatementNode {
  reader.cursor.expect('UNLOCK');
  if (reader.cursor.acceptOneOf(tableWords) === null) reader.cursor.fail('TABLES expected');
  return { kind: 'unlockTables' };
}

const maintenanceOptions: ReadonlySet<string> = new Set([
  'QUICK',
  'FAST',
  'MEDIUM',
  'EXTENDED',
  'CHANGED',
  'USE_FRM',
  'FORCE',
  'FOR',
  'UPGRADE',
  'PERSISTENT',
  'ALL',
]);

/** Reads ANALYZE, CHECK, CHECKSUM, OPTIMIZE and REPAIR TABLE. */
export function readMaintenance(
  reader: Reader,
  verb: 'ANALYZE' | 'CHECK' | 'CHECKSUM' | 'OPTIMIZE' | 'REPAIR',
): StatementNode {
  const { cursor } = reader;
  cursor.expect(verb);
  if (!cursor.accept('NO_WRITE_TO_BINLOG')) cursor.accept('LOCAL');
  if (cursor.acceptOneOf(tableWords) === null) cursor.fail('TABLE expected');
  const access = verb === 'CHECK' || verb === 'CHECKSUM' ? 'read' : 'write';
  reader.list(() => readTableName(reader, access));
  while (cursor.acceptOneOf(maintenanceOptions) !== null);
  readStatisticsParts(reader, 'COLUMNS');
  readStatisticsParts(reader, 'INDEXES');
  return { kind: 'maintenance', verb };
}

/** Passes over `COLUMNS (a, b)` or `INDEXES ALL` of ANALYZE TABLE. */
function readStatisticsParts(reader: Reader, word: string): void {
  const { cursor } = reader;
  if (!cursor.accept(word) || cursor.accept('ALL')) return;
  cursor.expect('(');
  if (!cursor.at(')')) {
    reader.list(() => {
      if (!cursor.accept('PRIMARY')) cursor.name();
    });
  }
  cursor.expect(')');
}

/** Reads HANDLER as far as its table. */
export function readHandler(reader: Reader): StatementNode {
  const { cursor } = reader;
  cursor.expect('HANDLER');
  readTableName(reader, 'read');
  if (cursor.accept('OPEN')) {
    if (cursor.accept('AS') || cursor.isName()) cursor.name();
    return { kind: 'handler', verb: 'OPEN' };
  }
  if (cursor.accept('CLOSE')) return { kind: 'handler', verb: 'CLOSE' };
  cursor.expect('READ');
  while (!cursor.ended) {
    if (cursor.at('SELECT')) cursor.fail('a query in HANDLER is not read');
    cursor.position++;
  }
  return { kind: 'handler', verb: 'READ' };
}
