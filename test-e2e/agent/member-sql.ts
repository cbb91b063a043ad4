/** SQL on a member's server as its agent, for faults that no client could make. */
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { AGENT_USER, readAgentPassword } from '../../operator/src/engines/mariadb/credentials.ts';
import { layoutOf } from '../../operator/src/engines/mariadb/layout.ts';
import type { MemberProcesses } from './member-processes.ts';

/** A connection through the server's socket. */
export interface MemberSql {
  run(...statements: readonly string[]): Promise<void>;
  close(): void;
}

/** Connects to the server that runs. */
export async function connectAsAgent({ options, volumePath }: MemberProcesses): Promise<MemberSql> {
  const layout = layoutOf({ volumePath, memoryPath: join(options.folder, 'memory') });
  const connection = await createConnection({
    socketPath: layout.socket,
    user: AGENT_USER,
    password: await readAgentPassword(layout),
  });
  connection.on('error', () => {});
  return {
    async run(...statements) {
      for (const statement of statements) {
        await connection.query(statement);
      }
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
