/**
 * CREATE USER, GRANT and the like: on every shard, as the client's own user. So a server decides whether he may, and nobody
 * gets through a router what he could not give himself.
 */
import { assertNever } from '../../../runtime/assert-never.ts';
import { type AccessLevel, ACCESS_LEVELS } from '../../../engines/keyspaces.ts';
import { keyspaceRole, userRole } from '../../../engines/mariadb/keyspace-roles.ts';
import type { StatementShape } from '../../sql/statement-shape.ts';
import { textLiteral } from '../../session/session-variables.ts';
import { levelOf, readKeyspaceRole } from '../../users/keyspace-level.ts';
import {
  planGrant,
  planRevoke,
  planUserChange,
  type UserChange,
  type UserContext,
  userOf,
  UserStatementError,
} from '../../users/user-statements.ts';
import { clientError, refuseFeature } from '../errors.ts';
import type { Statement } from '../statement.ts';
import { commitTransaction } from '../transactions.ts';
import { answerOk } from './answer-ok.ts';
import { EveryShard } from './every-shard.ts';
import type { SessionStatements } from './session-statements.ts';

type UserManagement = Extract<StatementShape, { readonly kind: 'userManagement' }>;
type Action = NonNullable<UserManagement['action']>;
type Grant = Extract<Action, { readonly action: 'grant' | 'revoke' }>;

/** Runs it. Throws ClientError where it is refused, or where some shards have it and another does not. */
export async function runUserManagement(
  statements: SessionStatements,
  statement: Statement,
  shape: UserManagement,
  signal: AbortSignal,
): Promise<void> {
  const { action } = shape;
  if (action === null) {
    throw refuseFeature('userManagement');
  }
  const { execution } = statements;
  const { environment, session } = execution;
  const shards = new EveryShard(execution, signal);
  const context: UserContext = {
    user: session.user,
    literal: (index) => textOfLiteral(statement, index),
    secret: environment.users.secret(),
  };
  try {
    switch (action.action) {
      case 'create':
      case 'alter':
      case 'drop':
      case 'password': {
        const change = planUserChange(action, context);
        await commitTransaction(session, signal);
        await runChange(shards, change);
        break;
      }
      case 'grant':
      case 'revoke': {
        const roles = rolesOf(statements, shape, action);
        const users = action.accounts.map((account) => userOf(account, context));
        await commitTransaction(session, signal);
        await runRights(statements, shards, action.action, { roles, users });
        break;
      }
      default:
        assertNever(action);
    }
  } catch (error) {
    throw error instanceof UserStatementError
      ? clientError(
          'notSupported',
          `Shardwright does not support this: ${error.message}. ${error.hint}`,
          error,
        )
      : error;
  } finally {
    environment.users.changed();
  }
  answerOk(statements, statement);
}

function textOfLiteral({ parsed }: Statement, index: number): string {
  const literal = parsed.literal(index);
  switch (literal.kind) {
    case 'string':
    case 'bytes':
      return literal.bytes.toString();
    case 'number':
      return literal.text;
    case 'parameter':
      throw new UserStatementError('A parameter in a statement about users', 'Write the value itself.');
    default:
      return assertNever(literal);
  }
}

/** A shard that has the change already counts as done, as long as not all have it. */
async function runChange(shards: EveryShard, { statement, alreadyDone, repair }: UserChange): Promise<void> {
  const behind = await shards.run(() => [statement], alreadyDone);
  if (repair !== null) {
    await shards.run((shard) => (behind.includes(shard) ? [repair] : []), []);
  }
}

/** The roles that a GRANT or REVOKE is about. */
function rolesOf({ execution }: SessionStatements, { on }: UserManagement, action: Grant): readonly string[] {
  const { keyspaces } = execution.topology();
  const { privileges } = action;
  if (on === null) {
    const found = privileges.map((role) => readKeyspaceRole(role, keyspaces.keys()));
    const levels = found.filter((level) => level !== undefined);
    if (levels.length !== found.length) {
      throw refuseFeature('userManagement');
    }
    return levels.map(({ keyspace, level }) => keyspaceRole(keyspace, level));
  }
  const keyspace = on.unqualified ? execution.session.schema : on.schema;
  if (on.object !== 'table' || on.name !== null || keyspace === null) {
    throw refuseFeature('partialRights');
  }
  if (!keyspaces.has(keyspace)) {
    throw clientError('unknownDatabase', `Unknown database '${keyspace}'`);
  }
  const level = levelOf(privileges);
  if (level === undefined) {
    throw refuseFeature('otherPrivileges');
  }
  const takesAll = action.action === 'revoke' && level === 'owner';
  const levels: readonly AccessLevel[] = takesAll ? ACCESS_LEVELS : [level];
  return levels.map((each) => keyspaceRole(keyspace, each));
}

async function runRights(
  { execution }: SessionStatements,
  shards: EveryShard,
  action: Grant['action'],
  { roles, users }: { readonly roles: readonly string[]; readonly users: readonly string[] },
): Promise<void> {
  const { keyspaces } = execution.topology();
  const isKeyspaceRole = (role: string): boolean => readKeyspaceRole(role, keyspaces.keys()) !== undefined;
  for (const user of users) {
    for (const role of action === 'grant' ? roles : [null]) {
      await shards.run(async (shard) => {
        const { former, held } = await readRoles(shards, shard, user);
        const planned =
          role === null
            ? planRevoke(user, roles, former, held)
            : planGrant(user, role, former, isKeyspaceRole);
        if (planned === null) {
          throw clientError('noSuchGrant', `There is no such grant defined for user '${user}' on host '%'`);
        }
        return planned;
      }, []);
    }
  }
}

/** The default role of a user, and what is granted to the role that is his own. */
async function readRoles(
  shards: EveryShard,
  shard: number,
  user: string,
): Promise<{ readonly former: string | null; readonly held: ReadonlySet<string> }> {
  const [row] = await shards.read(
    shard,
    `SELECT JSON_VALUE(Priv, '$.default_role') FROM mysql.global_priv WHERE Host = '%' AND User = ${textLiteral(user)}`,
  );
  const parts = await shards.read(
    shard,
    `SELECT Role FROM mysql.roles_mapping WHERE Host = '' AND User = ${textLiteral(userRole(user))}`,
  );
  const former = row?.[0]?.toString() ?? '';
  return {
    former: former === '' ? null : former,
    held: new Set(parts.map(([role]) => role?.toString() ?? '')),
  };
}
