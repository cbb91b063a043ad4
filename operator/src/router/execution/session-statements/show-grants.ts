import { quoteName } from '../../../engines/mariadb/keyspace-roles.ts';
import { accountText } from '../../users/user-statements.ts';
import { namedRoles, unifyGrants } from '../../users/shown-grants.ts';
import { firstShard } from '../../topology/topology.ts';
import { ClientError } from '../../client/client-error.ts';
import { clientError } from '../errors.ts';
import { answerLocally } from '../local-answer.ts';
import type { Statement } from '../statement.ts';
import { EveryShard } from './every-shard.ts';
import type { SessionStatements } from './session-statements.ts';

/** SHOW GRANTS, of whomever the server shows them to the client. */
export async function showGrants(
  { execution }: SessionStatements,
  { parsed, answer, hasMore, isBinary }: Statement,
  signal: AbortSignal,
): Promise<void> {
  const topology = execution.topology();
  const shard = firstShard(topology);
  if (shard === undefined) {
    throw clientError('unknown', 'The map of the cluster has no shard; try again');
  }
  const servers = new EveryShard(execution, signal);
  const read = async (statement: string): Promise<readonly string[]> =>
    (await servers.read(shard, statement)).map(([row]) => row?.toString() ?? '');
  const own = await read(parsed.sql.toString());
  const roles = [...new Set(namedRoles(own))];
  const ofRoles: (readonly string[])[] = [];
  for (const role of roles) {
    ofRoles.push(await readAllowed(() => read(`SHOW GRANTS FOR ${quoteName(role)}`)));
  }
  const account =
    /(?:TO|FOR) (`(?:[^`]|``)+`@`(?:[^`]|``)*`)/.exec(own.join('\n'))?.[1] ??
    accountText(execution.session.user);
  const rows = unifyGrants([...own, ...ofRoles.flat()], account, [...topology.keyspaces.keys()]);
  const column = `Grants for ${account.replaceAll('`', '')}`;
  answerLocally(
    answer,
    { columns: [column], rows: rows.map((row) => [row]) },
    execution.status(hasMore),
    isBinary,
  );
}

/** Of a role that the client may not look into nothing is told. */
async function readAllowed(read: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ClientError && DENIED.has(error.errno)) {
      return [];
    }
    throw error;
  }
}

/** ER_DBACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR, ER_NONEXISTING_GRANT */
const DENIED: ReadonlySet<number> = new Set([1044, 1142, 1141]);
