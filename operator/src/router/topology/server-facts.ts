import type { OwnStatements } from './own-account.ts';
import type { Server } from './servers.ts';

/** What is the same on all servers of a cluster. */
export interface ServerFacts {
  /** As in conditional comments: 101119 for 10.11.19. */
  readonly version: number;
  /** As the server names it. */
  readonly versionText: string;
  /** sql_mode of new sessions, in upper case. */
  readonly sqlMode: string;
  /** Collations by their number in the protocol. */
  readonly collations: ReadonlyMap<number, { readonly name: string; readonly charset: string }>;
  /** Columns of the tables of information_schema, by table, in upper case. */
  readonly systemColumns: ReadonlyMap<string, readonly string[]>;
}

/** Asks a server. Rejects as the statements do. */
export async function readServerFacts(
  statements: OwnStatements,
  server: Server,
  signal: AbortSignal,
): Promise<ServerFacts> {
  const ask = async (statement: string): Promise<string[][]> =>
    (await statements.query(server, statement, signal)).map((row) =>
      row.map((value) => value?.toString() ?? ''),
    );
  const [[versionText = '', sqlMode = ''] = []] = await ask('SELECT VERSION(), @@GLOBAL.sql_mode');
  const collations = await ask(
    'SELECT ID, COLLATION_NAME, CHARACTER_SET_NAME FROM information_schema.COLLATIONS WHERE ID IS NOT NULL',
  );
  const columns = await ask(
    "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema' ORDER BY TABLE_NAME, ORDINAL_POSITION",
  );
  const systemColumns = new Map<string, string[]>();
  for (const [table = '', column = ''] of columns) {
    const name = table.toUpperCase();
    systemColumns.set(name, [...(systemColumns.get(name) ?? []), column]);
  }
  return {
    version: readVersion(versionText),
    versionText,
    sqlMode: sqlMode.toUpperCase(),
    collations: new Map(collations.map(([id, name = '', charset = '']) => [Number(id), { name, charset }])),
    systemColumns,
  };
}

/** The number of a version such as `10.11.19-MariaDB`; 0 for another text. */
export function readVersion(text: string): number {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  return major === undefined ? 0 : Number(major) * 10_000 + Number(minor) * 100 + Number(patch);
}
