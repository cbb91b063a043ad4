/** What servers are told for a statement about users. Pure; no text that is made here has a password in it. */
import { nativePasswordHash } from '../../engines/mariadb/credentials.ts';
import { quoteName, userRole } from '../../engines/mariadb/keyspace-roles.ts';
import { ed25519PublicKey } from '../../wire/auth/ed25519.ts';
import { assertNever } from '../../runtime/assert-never.ts';
import type { AccountNode, ProofNode, TextNode, UserActionNode } from '../sql/user-shape.ts';
import { identifiedVia, type OwnProof } from './identification.ts';

/** A statement about users that is not made. */
export class UserStatementError extends Error {
  override readonly name = 'UserStatementError';
  readonly code = 'UserStatement';
  /** What to do instead; a sentence. */
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** What is known beside the statement. */
export interface UserContext {
  /** The session's user. */
  readonly user: string;
  readonly literal: (index: number) => string;
  readonly secret: string;
}

/** A user, or the statement's refusal: throws UserStatementError for one that routers do not serve. */
export function userOf({ user, host }: AccountNode, context: UserContext): string {
  if (host !== null && host !== '%') {
    throw new UserStatementError(
      `A user for the host ${host}: servers see a router's address instead of the client's`,
      "Leave the host out, or write '%'.",
    );
  }
  const name = user === null ? context.user : textOf(user, context);
  if (name === '' || name.toLowerCase().startsWith('shardwright')) {
    throw new UserStatementError(
      name === '' ? 'The user without a name' : `${name} is a user or a role of the operator`,
      'Choose another name.',
    );
  }
  return name;
}

function textOf(node: TextNode, { literal }: UserContext): string {
  return 'text' in node ? node.text : literal(node.literal);
}

/** `'name'@'%'` as SQL, which means the same under every sql_mode. */
export function accountText(user: string): string {
  return `${quoteName(user)}@\`%\``;
}

/** What makes, changes or drops users, one statement after the other. */
export interface UserChange {
  readonly kind: 'change';
  readonly statement: string;
  /**
   * Errors of a server that has the change already, as far as others have not: where all servers say so it is the client's.
   * `repair` is then run there.
   */
  readonly alreadyDone: readonly number[];
  readonly repair: string | null;
}

/** ER_CANNOT_USER: the user exists already, or does not. */
const CANNOT_USER = 1396;

/** Plans CREATE, ALTER and DROP USER and SET PASSWORD. Throws UserStatementError. */
export function planUserChange(
  action: Extract<UserActionNode, { action: 'create' | 'alter' | 'drop' | 'password' }>,
  context: UserContext,
): UserChange {
  switch (action.action) {
    case 'create':
      return planCreate(action, context);
    case 'alter': {
      const condition = action.condition === 'ifExists' ? 'IF EXISTS ' : '';
      const parts = describe(action, userOf(action.account, context), context);
      return change(`ALTER USER ${condition}${parts}`, []);
    }
    case 'drop': {
      const accounts = action.accounts.map((account) => accountText(userOf(account, context)));
      const condition = action.ifExists ? 'IF EXISTS ' : '';
      return change(`DROP USER ${condition}${accounts.join(', ')}`, [CANNOT_USER]);
    }
    case 'password': {
      const user = userOf(action.account, context);
      return change(`ALTER USER ${accountText(user)} ${identified(action.proof, user, context)}`, []);
    }
    default:
      return assertNever(action);
  }
}

function change(statement: string, alreadyDone: readonly number[], repair: string | null = null): UserChange {
  return { kind: 'change', statement, alreadyDone, repair };
}

function planCreate(
  action: Extract<UserActionNode, { action: 'create' | 'alter' }>,
  context: UserContext,
): UserChange {
  const user = userOf(action.account, context);
  if (action.proof === null) {
    throw new UserStatementError('A user without a password', 'Write IDENTIFIED BY.');
  }
  const parts = describe(action, user, context);
  switch (action.condition) {
    case 'ifNotExists':
      return change(`CREATE USER IF NOT EXISTS ${parts}`, []);
    case 'orReplace':
      return change(`CREATE OR REPLACE USER ${parts}`, []);
    default:
      return change(`CREATE USER ${parts}`, [CANNOT_USER], `ALTER USER ${parts}`);
  }
}

function describe(
  {
    proof,
    requires,
    maxConnections,
    lock,
  }: Pick<
    Extract<UserActionNode, { action: 'create' | 'alter' }>,
    'proof' | 'requires' | 'maxConnections' | 'lock'
  >,
  user: string,
  context: UserContext,
): string {
  const connections = maxConnections === null ? null : Number(context.literal(maxConnections));
  if (connections !== null && !Number.isSafeInteger(connections)) {
    throw new UserStatementError('MAX_USER_CONNECTIONS that is no whole number', 'Write a number.');
  }
  return [
    accountText(user),
    ...(proof === null ? [] : [identified(proof, user, context)]),
    ...(requires === null ? [] : [`REQUIRE ${requires}`]),
    ...(connections === null ? [] : [`WITH MAX_USER_CONNECTIONS ${connections}`]),
    ...(lock === null ? [] : [`ACCOUNT ${lock}`]),
  ].join(' ');
}

function identified(proof: ProofNode, user: string, context: UserContext): string {
  try {
    return identifiedVia(context.secret, user, storedProof(proof, context));
  } catch (cause) {
    if (!(cause instanceof RangeError)) {
      throw cause;
    }
    throw new UserStatementError(
      `What is given is not what ${proof.plugin} stores of a password`,
      "Write IDENTIFIED BY '…' with the password itself.",
    );
  }
}

function storedProof({ plugin, form, literal }: ProofNode, context: UserContext): OwnProof {
  const text = context.literal(literal);
  if (form === 'password' && text === '') {
    throw new UserStatementError('An empty password', 'Choose one.');
  }
  if (plugin === 'ed25519') {
    const publicKey = form === 'stored' ? text : ed25519PublicKey(text).toString('base64').replace(/=+$/, '');
    return { plugin, publicKey };
  }
  return { plugin, hash: form === 'stored' ? text : nativePasswordHash(text) };
}

function grant(role: string, to: string): string {
  return `GRANT ${quoteName(role)} TO ${to}`;
}

/**
 * What gives a user a role of a keyspace, so that it holds after each login: a user has one default role. `former` is the one he
 * has; null for none. `parts`: whether a role may be put together with others. Throws UserStatementError.
 */
export function planGrant(
  user: string,
  role: string,
  former: string | null,
  isKeyspaceRole: (role: string) => boolean,
): readonly string[] {
  const own = userRole(user);
  const account = accountText(user);
  const byDefault = (what: string): string => `SET DEFAULT ROLE ${quoteName(what)} FOR ${account}`;
  if (former === null || former === role) {
    return [grant(role, account), byDefault(role)];
  }
  if (former === own) {
    return [grant(role, quoteName(own))];
  }
  if (!isKeyspaceRole(former)) {
    throw new UserStatementError(
      `${user} has the default role ${former}, which is none of a keyspace's`,
      `SET DEFAULT ROLE NONE FOR ${user} on every shard before.`,
    );
  }
  return [
    `CREATE ROLE IF NOT EXISTS ${quoteName(own)}`,
    grant(former, quoteName(own)),
    grant(role, quoteName(own)),
    grant(own, account),
    byDefault(own),
    `REVOKE ${quoteName(former)} FROM ${account}`,
  ];
}

/** What takes roles of a keyspace from a user; null where he has none of them. As `planGrant`. */
export function planRevoke(
  user: string,
  roles: readonly string[],
  former: string | null,
  held: ReadonlySet<string>,
): readonly string[] | null {
  const account = accountText(user);
  if (former !== null && roles.includes(former)) {
    return [`SET DEFAULT ROLE NONE FOR ${account}`, `REVOKE ${quoteName(former)} FROM ${account}`];
  }
  const own = userRole(user);
  const parts = roles.filter((role) => held.has(role));
  return former === own && parts.length > 0
    ? parts.map((role) => `REVOKE ${quoteName(role)} FROM ${quoteName(own)}`)
    : null;
}
