import type { Reader } from './reader.ts';
import type { StatementNode } from './statement-shape.ts';

/** Reads BEGIN or START TRANSACTION. */
export function readBegin(reader: Reader): StatementNode {
  const { cursor } = reader;
  if (cursor.accept('BEGIN')) {
    cursor.accept('WORK');
    return { kind: 'begin', access: null, consistentSnapshot: false };
  }
  cursor.expect('START', 'TRANSACTION');
  let access: 'read' | 'write' | null = null;
  let consistentSnapshot = false;
  if (!cursor.ended) {
    reader.list(() => {
      if (cursor.accept('READ', 'ONLY')) access = 'read';
      else if (cursor.accept('READ', 'WRITE')) access = 'write';
      else if (cursor.accept('WITH', 'CONSISTENT', 'SNAPSHOT')) consistentSnapshot = true;
      else cursor.fail('a characteristic of transactions expected');
    });
  }
  return { kind: 'begin', access, consistentSnapshot };
}

/** Reads COMMIT, ROLLBACK, ROLLBACK TO, SAVEPOINT or RELEASE SAVEPOINT. */
export function readTransactionEnd(reader: Reader): StatementNode {
  const { cursor } = reader;
  if (cursor.accept('SAVEPOINT')) return { kind: 'savepoint', name: cursor.name() };
  if (cursor.accept('RELEASE', 'SAVEPOINT')) return { kind: 'releaseSavepoint', name: cursor.name() };
  const kind = cursor.accept('COMMIT') ? 'commit' : 'rollback';
  if (kind === 'rollback') cursor.expect('ROLLBACK');
  cursor.accept('WORK');
  if (kind === 'rollback' && cursor.accept('TO')) {
    if (cursor.at('SAVEPOINT') && cursor.isName(1)) cursor.accept('SAVEPOINT');
    return { kind: 'rollbackTo', name: cursor.name() };
  }
  let chain: boolean | null = null;
  let release: boolean | null = null;
  if (cursor.accept('AND')) {
    chain = !cursor.accept('NO');
    cursor.expect('CHAIN');
  }
  if (cursor.accept('NO', 'RELEASE')) release = false;
  else if (cursor.accept('RELEASE')) release = true;
  return { kind, chain, release };
}
