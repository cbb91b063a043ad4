/** Statements about users. What is not read here is refused later, by the name of the statement. */
import type { Reader } from './reader.ts';
import { SYMBOL, UnreadableStatement } from './token-cursor.ts';
import type { AccountNode, ProofNode, TextNode, UserActionNode } from './user-shape.ts';

const privilegeEnds: ReadonlySet<string> = new Set([',', '(', 'ON', 'TO', 'FROM', SYMBOL.end]);

/** Reads with `read` up to the end of the statement; null where that is not possible, with the cursor at the end. */
export function readAction(reader: Reader, read: (reader: Reader) => UserActionNode): UserActionNode | null {
  const { cursor } = reader;
  try {
    const action = read(reader);
    if (cursor.ended) return action;
  } catch (error) {
    if (!(error instanceof UnreadableStatement)) throw error;
  }
  cursor.position = cursor.count;
  return null;
}

/** Reads CREATE USER and ALTER USER behind these words. */
export function readUserDefinition(
  reader: Reader,
  action: 'create' | 'alter',
  orReplace: boolean,
): UserActionNode {
  const { cursor } = reader;
  const condition = orReplace
    ? 'orReplace'
    : cursor.accept('IF', 'NOT', 'EXISTS')
      ? 'ifNotExists'
      : cursor.accept('IF', 'EXISTS')
        ? 'ifExists'
        : null;
  const account = readAccount(reader);
  const proof = cursor.accept('IDENTIFIED') ? readProof(reader) : null;
  const requires = cursor.accept('REQUIRE') ? readEither(reader, 'SSL', 'NONE') : null;
  const maxConnections = cursor.accept('WITH', 'MAX_USER_CONNECTIONS') ? cursor.literal() : null;
  const lock = cursor.accept('ACCOUNT') ? readEither(reader, 'LOCK', 'UNLOCK') : null;
  return { action, condition, account, proof, requires, maxConnections, lock };
}

/** Reads DROP USER behind these words. */
export function readUserRemoval(reader: Reader): UserActionNode {
  const ifExists = reader.cursor.accept('IF', 'EXISTS');
  return { action: 'drop', ifExists, accounts: reader.list(() => readAccount(reader)) };
}

/** Reads SET PASSWORD behind these words. */
export function readPasswordChange(reader: Reader): UserActionNode {
  const { cursor } = reader;
  const account = cursor.accept('FOR') ? readAccount(reader) : OWN_ACCOUNT;
  cursor.expect('=');
  const proof = readPasswordCall(reader, 'mysql_native_password') ?? {
    plugin: 'mysql_native_password' as const,
    form: 'stored' as const,
    literal: cursor.literal(),
  };
  return { action: 'password', account, proof };
}

/** Reads the privileges of GRANT and REVOKE, or the role, up to ON, TO or FROM. */
export function readPrivileges(reader: Reader): readonly string[] {
  return reader.list(() => {
    const { cursor } = reader;
    if (cursor.accept('ALL', 'PRIVILEGES') || cursor.accept('ALL')) return 'ALL';
    const words: string[] = [];
    while (!privilegeEnds.has(cursor.peek())) {
      words.push(cursor.textAt(cursor.position));
      cursor.position += 1;
    }
    if (words.length === 0 || cursor.ended) cursor.fail('a privilege or a role expected');
    if (cursor.accept('(')) {
      reader.list(() => cursor.name());
      cursor.expect(')');
      words.push('(…)');
    }
    return words.join(' ');
  });
}

/** Reads to whom a GRANT is, or from whom a REVOKE takes. */
export function readGrantees(reader: Reader, preposition: 'TO' | 'FROM'): readonly AccountNode[] {
  reader.cursor.expect(preposition);
  return reader.list(() => readAccount(reader));
}

function readEither<One extends string, Other extends string>(
  { cursor }: Reader,
  one: One,
  other: Other,
): One | Other {
  if (cursor.accept(one)) return one;
  cursor.expect(other);
  return other;
}

const OWN_ACCOUNT: AccountNode = { user: null, host: null };

function readAccount({ cursor }: Reader): AccountNode {
  if (cursor.accept('CURRENT_USER') || cursor.accept('USER', '(', ')')) {
    cursor.accept('(', ')');
    return OWN_ACCOUNT;
  }
  const user: TextNode = cursor.isLiteral() ? { literal: cursor.literal() } : { text: cursor.name() };
  if (!cursor.at(SYMBOL.userVariable)) return { user, host: null };
  const host = cursor.textAt(cursor.position);
  cursor.position += 1;
  return { user, host };
}

function readProof(reader: Reader): ProofNode {
  const { cursor } = reader;
  if (cursor.accept('BY')) {
    const form = cursor.accept('PASSWORD') ? 'stored' : 'password';
    return { plugin: 'mysql_native_password', form, literal: cursor.literal() };
  }
  if (!cursor.accept('VIA')) cursor.expect('WITH');
  const name = cursor.name().toLowerCase();
  if (name !== 'mysql_native_password' && name !== 'ed25519')
    cursor.fail('a plugin that routers serve expected');
  const plugin = name === 'ed25519' ? 'ed25519' : 'mysql_native_password';
  if (cursor.accept('BY')) return { plugin, form: 'password', literal: cursor.literal() };
  if (!cursor.accept('USING')) cursor.expect('AS');
  return readPasswordCall(reader, plugin) ?? { plugin, form: 'stored', literal: cursor.literal() };
}

function readPasswordCall({ cursor }: Reader, plugin: ProofNode['plugin']): ProofNode | null {
  if (!cursor.accept('PASSWORD', '(')) return null;
  const literal = cursor.literal();
  cursor.expect(')');
  return { plugin, form: 'password', literal };
}
