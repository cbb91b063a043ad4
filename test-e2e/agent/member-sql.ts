/** SQL on a member's server as its agent, for faults that no client could make. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { AGENT_USER, readAgentPassword } from '../../operator/src/engines/mariadb/credentials.ts';
import { BINARY_LOG_NAME, layoutOf } from '../../operator/src/engines/mariadb/layout.ts';
import { OWN_SCHEMA } from '../../operator/src/engines/mariadb/own-schema.ts';
import { listLogFiles } from '../../operator/src/engines/mariadb/log-files.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import type { MemberProcesses } from './member-processes.ts';

/** A connection through the server's socket. */
export interface MemberSql {
  run(...statements: readonly string[]): Promise<void>;
  /** Runs a statement; each row as the texts of its columns, NULL as the empty one. */
  read(statement: string): Promise<readonly (readonly string[])[]>;
  close(): void;
}

/** Connects to the server that runs. */
export async function connectAsAgent({ options, volumePath }: MemberProcesses): Promise<MemberSql> {
  const layout = layoutOf({ volumePath, memoryPath: join(options.folder, 'memory') });
  const connection = await createConnection({
    socketPath: layout.socket,
    user: AGENT_USER,
    password: await readAgentPassword(layout),
    connectTimeout: 120_000,
  });
  connection.on('error', () => {});
  return {
    async run(...statements) {
      for (const statement of statements) {
        await connection.query(statement);
      }
    },
    async read(statement) {
      const [rows] = await connection.query<RowDataPacket[][]>({ sql: statement, rowsAsArray: true });
      return rows.map((row) => Array.from<unknown>(row).map(textOf));
    },
    close: () => connection.destroy(),
  };
}

/** Keeps a replica from applying any change of the numbers until the function returned is called, or it is killed. */
export async function holdUpApplying(member: MemberProcesses): Promise<() => void> {
  const sql = await connectAsAgent(member);
  await sql.run('START TRANSACTION', 'SELECT id FROM conformance.numbers FOR UPDATE');
  return () => sql.close();
}

/** Keeps anybody from looking at a primary, as a person's lock may, until the function returned is called. */
export async function blockLooks(member: MemberProcesses): Promise<() => void> {
  const sql = await connectAsAgent(member);
  await sql.run(`LOCK TABLES ${OWN_SCHEMA}.epoch WRITE`);
  return () => sql.close();
}

/** Lets a replica have a row that its primary does not have, so that applying fails when it gets one. */
export async function insertBehindItsBack(member: MemberProcesses, number: number): Promise<void> {
  const sql = await connectAsAgent(member);
  await sql.run('SET SESSION sql_log_bin = 0', `INSERT INTO conformance.numbers (id) VALUES (${number})`);
  sql.close();
}

/** Has a replica receive nothing more, until somebody tells it to. */
export async function stopReceiving(member: MemberProcesses): Promise<void> {
  const sql = await connectAsAgent(member);
  await sql.run('STOP SLAVE IO_THREAD');
  sql.close();
}

/** How often a text is in a member's binary log, as its server has written it by now. */
export async function countInLog({ options, volumePath }: MemberProcesses, text: Buffer): Promise<number> {
  const { data } = layoutOf({ volumePath, memoryPath: join(options.folder, 'memory') });
  let count = 0;
  for (const { path } of await listLogFiles(data, BINARY_LOG_NAME)) {
    const log = await readFile(path);
    for (let at = log.indexOf(text); at >= 0; at = log.indexOf(text, at + 1)) {
      count += 1;
    }
  }
  return count;
}

/** A wait within which a thread of a server comes to what it was woken for. */
const WAKING_MILLISECONDS = 1000;

/** Resolves when a primary has sent all that it has logged to whoever receives, who need not have read it. */
export async function untilSent(member: MemberProcesses): Promise<void> {
  await delay(WAKING_MILLISECONDS);
  const sql = await connectAsAgent(member);
  try {
    await waitFor(
      `${member.pod} has sent all`,
      async () => {
        const busy = await sql.read(
          "SELECT STATE FROM information_schema.PROCESSLIST WHERE COMMAND = 'Binlog Dump' AND STATE NOT LIKE '%has sent all%'",
        );
        return busy.length === 0 ? true : undefined;
      },
      { timeoutMilliseconds: 120_000 },
    );
  } finally {
    sql.close();
  }
}

/** Longer than an acknowledgement takes that is on its way. */
const ACKNOWLEDGING_MILLISECONDS = 500;

/**
 * Resolves when a change waits on a primary for an acknowledgement that does not come. That one waits at some moment does
 * not tell: every change does, for as long as replicas take.
 */
export async function untilUnacknowledged(member: MemberProcesses): Promise<void> {
  const sql = await connectAsAgent(member);
  let before: string | undefined;
  try {
    await waitFor(
      `a change waits in vain on ${member.pod}`,
      async () => {
        const [[, waiting] = [], [, acknowledged] = []] = await sql.read(
          "SHOW GLOBAL STATUS WHERE Variable_name IN ('Rpl_semi_sync_master_wait_sessions', 'Rpl_semi_sync_master_yes_tx')",
        );
        const last = before;
        before = Number(waiting) > 0 ? acknowledged : undefined;
        return before !== undefined && before === last ? true : undefined;
      },
      { timeoutMilliseconds: 120_000, everyMilliseconds: ACKNOWLEDGING_MILLISECONDS },
    );
  } finally {
    sql.close();
  }
}

/** A value as the driver gives it, as text; nothing for NULL. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value);
}
