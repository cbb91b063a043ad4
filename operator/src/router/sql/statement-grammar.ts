import { readDelete, readUpdate } from './change-grammar.ts';
import { readDefinition, readRename, readTruncate } from './definition-grammar.ts';
import type { Dialect } from './dialect.ts';
import { readOperation, readOperators, readParenthesised } from './expression-grammar.ts';
import { readInsert } from './insert-grammar.ts';
import { readLoadData } from './load-data-grammar.ts';
import { readQuery } from './query-grammar.ts';
import { type Grammar, Reader } from './reader.ts';
import {
  readDeallocate,
  readDo,
  readExecute,
  readHandler,
  readKill,
  readLockTables,
  readMaintenance,
  readPrepare,
  readProcedureCall,
  readUnlockTables,
  readUse,
} from './session-grammar.ts';
import { readSet, readSettings } from './set-grammar.ts';
import { readShow } from './show-grammar.ts';
import { ShapeBuilder } from './shape-builder.ts';
import type { StatementNode, StatementShape } from './statement-shape.ts';
import { readTableName } from './table-name-grammar.ts';
import { SYMBOL, TokenCursor, UnreadableStatement } from './token-cursor.ts';
import type { TokenList } from './token-list.ts';
import { readBegin, readTransactionEnd } from './transaction-grammar.ts';
import { readGrant } from './user-management-grammar.ts';

/** Statements that are for administrators; beyond the first words they are not read. */
const administration: ReadonlySet<string> = new Set([
  'BACKUP',
  'BINLOG',
  'CACHE',
  'CHANGE',
  'FLUSH',
  'GET',
  'HELP',
  'INSTALL',
  'PURGE',
  'RESET',
  'RESIGNAL',
  'SHUTDOWN',
  'SIGNAL',
  'START',
  'STOP',
  'UNINSTALL',
]);
const explainWords: ReadonlySet<string> = new Set(['EXPLAIN', 'DESCRIBE', 'DESC']);
const explainable: ReadonlySet<string> = new Set([
  'SELECT',
  'INSERT',
  'REPLACE',
  'UPDATE',
  'DELETE',
  'WITH',
  'VALUES',
  'SET',
  '(',
]);
const grammar: Grammar = {
  query: readQuery,
  operation: readOperation,
  parenthesised: readParenthesised,
  rest: readOperators,
};

/** Reads the shape of the statement whose tokens are given. Never throws: what is not understood is `unknown`. */
export function readShape(tokens: TokenList, sql: Buffer, dialect: Dialect): StatementShape {
  const literals = tokens.literals.length / 3;
  if (tokens.failure !== null) return unknownShape(tokens.failure, 0, 0);
  const cursor = new TokenCursor(tokens, sql, dialect.charset === 'latin1');
  const reader = new Reader(cursor, dialect, grammar);
  try {
    const node = readStatement(reader);
    if (!cursor.ended) cursor.fail('the end of the statement expected');
    return { ...node, ...reader.builder.finish(tokens.count, literals) };
  } catch (error) {
    if (!(error instanceof UnreadableStatement)) throw error;
    return unknownShape(error.message, tokens.count, literals);
  }
}

/** A shape that says nothing but why. */
function unknownShape(reason: string, tokenCount: number, literalCount: number): StatementShape {
  return { kind: 'unknown', reason, ...new ShapeBuilder().finish(tokenCount, literalCount) };
}

function readStatement(reader: Reader): StatementNode {
  const { cursor } = reader;
  if (cursor.ended) return { kind: 'empty' };
  while (cursor.at('SET', 'STATEMENT')) readSettings(reader);
  const word = cursor.peek();
  switch (word) {
    case 'SELECT':
    case 'WITH':
    case 'VALUES':
    case '(':
      return { kind: 'select', query: reader.query('root') };
    case 'INSERT':
    case 'REPLACE':
      return readInsert(reader, word);
    case 'UPDATE':
      return readUpdate(reader);
    case 'DELETE':
      return readDelete(reader);
    case 'CREATE':
    case 'ALTER':
      return readDefinition(reader, word);
    case 'DROP':
      return cursor.at('DROP', 'PREPARE') ? readDeallocate(reader) : readDefinition(reader, word);
    case 'TRUNCATE':
      return readTruncate(reader);
    case 'RENAME':
      return readRename(reader);
    case 'BEGIN':
      return readBegin(reader);
    case 'COMMIT':
    case 'ROLLBACK':
    case 'SAVEPOINT':
    case 'RELEASE':
      return readTransactionEnd(reader);
    case 'SET':
      return readSet(reader);
    case 'SHOW':
      return readShow(reader);
    case 'USE':
      return readUse(reader);
    case 'EXPLAIN':
    case 'DESCRIBE':
    case 'DESC':
      return readExplain(reader);
    case 'CALL':
      return readProcedureCall(reader);
    case 'DO':
      return readDo(reader);
    case 'KILL':
      return readKill(reader);
    case 'PREPARE':
      return readPrepare(reader);
    case 'EXECUTE':
      return readExecute(reader);
    case 'DEALLOCATE':
      return readDeallocate(reader);
    case 'LOAD':
      return cursor.at('LOAD', 'INDEX') ? readAdministration(reader) : readLoadData(reader);
    case 'LOCK':
      return readLockTables(reader);
    case 'UNLOCK':
      return readUnlockTables(reader);
    case 'GRANT':
    case 'REVOKE':
      return readGrant(reader, word);
    case 'HANDLER':
      return readHandler(reader);
    case 'ANALYZE':
      return startsExplained(reader, 1) ? readExplain(reader) : readMaintenance(reader, word);
    case 'CHECK':
    case 'CHECKSUM':
    case 'OPTIMIZE':
    case 'REPAIR':
      return readMaintenance(reader, word);
    case 'XA':
      cursor.position = cursor.count;
      return { kind: 'xa', verb: 'XA' };
    case 'START':
      if (cursor.at('START', 'TRANSACTION')) return readBegin(reader);
      break;
    default:
  }
  if (administration.has(word)) return readAdministration(reader);
  return cursor.fail('a statement that is not known');
}

function readAdministration(reader: Reader): StatementNode {
  const { cursor } = reader;
  const words = [cursor.peek(), cursor.peek(1)].filter((word) => /^[A-Z_]+$/.test(word));
  cursor.position = cursor.count;
  return { kind: 'administration', what: words.join(' ') };
}

/** True where EXPLAIN, with its options, is about a statement. */
function startsExplained(reader: Reader, offset: number): boolean {
  const word = reader.cursor.peek(offset);
  return explainable.has(word) || (word === 'FORMAT' && reader.cursor.peek(offset + 1) === '=');
}

function readExplain(reader: Reader): StatementNode {
  const { cursor } = reader;
  const analyze = cursor.accept('ANALYZE');
  if (!analyze) cursor.acceptOneOf(explainWords);
  if (cursor.accept('FOR', 'CONNECTION')) return { kind: 'explainConnection', id: reader.expression() };
  const shardwright = cursor.at('SHARDWRIGHT') && startsExplained(reader, 1);
  if (shardwright) cursor.position++;
  if (!cursor.accept('EXTENDED')) cursor.accept('PARTITIONS');
  if (cursor.accept('FORMAT', '=') && !cursor.accept(SYMBOL.literal)) cursor.name();
  if (!startsExplained(reader, 0)) return readDescribe(reader);
  const statementToken = cursor.position;
  const statement = reader.deeper(() => readStatement(reader));
  const form = shardwright ? 'shardwright' : analyze ? 'analyze' : 'explain';
  return { kind: 'explain', form, statementToken, statement };
}

function readDescribe(reader: Reader): StatementNode {
  const { cursor } = reader;
  readTableName(reader, 'read');
  if (cursor.isLiteral()) return { kind: 'describe', column: null, like: cursor.literal() };
  const column = cursor.isName() ? cursor.name() : null;
  return { kind: 'describe', column, like: null };
}
