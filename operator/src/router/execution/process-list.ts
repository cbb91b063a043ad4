/** The list of processes: clients of the router, and not the connections that some server has. */
import type { ClientProcess } from '../client/client-process.ts';
import { textLiteral } from '../session/session-variables.ts';
import { firstShard } from '../topology/topology.ts';
import type { Execution } from './execution.ts';
import { quoteName } from './participants.ts';
import { EveryShard } from './session-statements/every-shard.ts';

/** Columns of information_schema.PROCESSLIST, as servers define them. Source: https://mariadb.com/kb/en/information-schema-processlist-table/ */
const COLUMN_TYPES: ReadonlyMap<string, string> = new Map([
  ['ID', 'BIGINT'],
  ['USER', 'VARCHAR(128)'],
  ['HOST', 'VARCHAR(64)'],
  ['DB', 'VARCHAR(64)'],
  ['COMMAND', 'VARCHAR(16)'],
  ['TIME', 'INT'],
  ['STATE', 'VARCHAR(64)'],
  ['INFO', 'LONGTEXT'],
  ['TIME_MS', 'DECIMAL(22,3)'],
  ['PROGRESS', 'DECIMAL(7,3)'],
]);

/** Of the others, which tell how a server runs a statement. */
const NOT_TOLD = 'BIGINT';

/** Columns of SHOW PROCESSLIST. */
const SHOWN = ['Id', 'User', 'Host', 'db', 'Command', 'Time', 'State', 'Info', 'Progress'];

/** Characters of a statement that SHOW PROCESSLIST shows without FULL. */
const SHORT_STATEMENT = 100;

/** A table expression without an alias, which has these processes as rows and these columns. */
export function processTable(processes: readonly ClientProcess[], columns: readonly string[]): string {
  const rows = processes.map((each) => ({
    ID: each.id,
    USER: each.user,
    HOST: each.host,
    DB: each.database,
    COMMAND: each.command,
    TIME: Math.floor(each.milliseconds / 1000),
    STATE: each.state,
    INFO: each.statement,
    TIME_MS: Number(each.milliseconds.toFixed(3)),
    PROGRESS: Number(each.percent.toFixed(3)),
  }));
  const definitions = columns.map((column) => {
    const name = column.toUpperCase();
    return `${quoteName(column)} ${COLUMN_TYPES.get(name) ?? NOT_TOLD} PATH '$.${name}'`;
  });
  return `JSON_TABLE(${textLiteral(JSON.stringify(rows))}, '$[*]' COLUMNS (${definitions.join(', ')}))`;
}

/** The text of SHOW PROCESSLIST. */
export function processListText(processes: readonly ClientProcess[], full: boolean): string {
  const items = SHOWN.map((name) =>
    name === 'Info' && !full ? `LEFT(Info, ${SHORT_STATEMENT}) AS Info` : quoteName(name),
  );
  return `SELECT ${items.join(', ')} FROM ${processTable(processes, SHOWN)} AS processes ORDER BY 1`;
}

/** The processes that the client may see: its user's own; all with the privilege PROCESS, of which a server is asked. */
export async function visibleProcesses(
  execution: Execution,
  signal: AbortSignal,
): Promise<readonly ClientProcess[]> {
  const { environment, session } = execution;
  const all = await environment.processes();
  const own = all.filter(({ user }) => user === session.user);
  const shard = own.length === all.length ? undefined : firstShard(execution.topology());
  if (shard === undefined) {
    return own;
  }
  const grants = await new EveryShard(execution, signal).read(shard, 'SHOW GRANTS');
  return grants.some(([row]) => grantsProcess(row?.toString() ?? '')) ? all : own;
}

/** Whether a line of SHOW GRANTS gives PROCESS, which is given for everything or not at all. */
export function grantsProcess(line: string): boolean {
  const privileges = /^GRANT (.+?) ON \*\.\* TO /i.exec(line)?.[1]?.toUpperCase().split(/,\s*/) ?? [];
  return privileges.includes('PROCESS') || privileges.includes('ALL PRIVILEGES');
}
