/** One MariaDB server as a child process, with the faults of the conformance suite. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { HostedMember } from '../../operator/src/engines/conformance/host.ts';
import { APPLICATION_USER } from '../../operator/src/engines/conformance/story.ts';
import { AGENT_USER, readAgentPassword } from '../../operator/src/engines/mariadb/credentials.ts';
import { mariadbEngine } from '../../operator/src/engines/mariadb/engine.ts';
import { OWN_SCHEMA } from '../../operator/src/engines/mariadb/own-schema.ts';
import { layoutOf, RELAY_LOG_NAME } from '../../operator/src/engines/mariadb/layout.ts';
import { listLogFiles } from '../../operator/src/engines/mariadb/log-files.ts';
import type { MemberOptions } from '../../operator/src/engines/member.ts';
import { runProgram, type RunningProgram, type StartProgram } from '../../operator/src/engines/programs.ts';
import { freezeProcesses } from '../cluster/machine/freeze-processes.ts';
import { eventually } from '../install/eventually.ts';
import { connectNumberClient } from './number-client.ts';

/** For what takes seconds at the most on a machine that has nothing else to do: a bound for what hangs. */
const PATIENCE_MILLISECONDS = 240_000;

const WAKING_MILLISECONDS = 1000;

/** Of a login. */
const ACCESS_DENIED = 1045;

/** What a hosted member is made of. */
export interface HostedMemberOptions {
  readonly options: MemberOptions & { readonly port: number };
  readonly startProgram: StartProgram;
  readonly applicationPassword: string;
}

/** Makes a member whose server is not started yet. */
export function createHostedMember({
  options,
  startProgram,
  applicationPassword,
}: HostedMemberOptions): HostedMember {
  const layout = layoutOf(options);
  const member = mariadbEngine.createMember({ ...options, startProgram });
  const log: string[] = [];
  let server: RunningProgram | undefined;
  let lastRun = Promise.resolve('');

  const connect = async (): ReturnType<typeof createConnection> =>
    createConnection({
      socketPath: layout.socket,
      user: AGENT_USER,
      password: await readAgentPassword(layout),
      connectTimeout: PATIENCE_MILLISECONDS,
    });
  const query = async (sql: string): Promise<RowDataPacket[]> => {
    const connection = await connect();
    try {
      const [rows] = await connection.query<RowDataPacket[]>(sql);
      return rows;
    } finally {
      connection.destroy();
    }
  };
  const run = async (sql: string): Promise<void> => {
    await query(sql);
  };

  const loginAs = async (user: string, password: string): ReturnType<typeof createConnection> =>
    createConnection({
      host: '127.0.0.1',
      port: options.port,
      user,
      password,
      connectTimeout: PATIENCE_MILLISECONDS,
      ssl: { ca: await readFile(options.tls.authority, 'utf8') },
    });

  return {
    member,
    address: { host: '127.0.0.1', port: options.port },
    async start(order) {
      const plan = await member.prepareBoot(order, AbortSignal.timeout(PATIENCE_MILLISECONDS));
      const started = startProgram(plan);
      const logged = log.length;
      for (const stream of [started.stdout, started.stderr]) {
        stream.setEncoding('utf8').on('data', (chunk: string) => log.push(chunk));
      }
      server = started;
      started.once('exit', () => {
        server = server === started ? undefined : server;
      });
      lastRun = once(started, 'close').then(() => log.slice(logged).join(''));
    },
    ended: () => lastRun,
    async signal(name) {
      const running = server;
      if (running === undefined) {
        return;
      }
      if (name === 'SIGSTOP') {
        await freezeProcesses([running.pid ?? 0]);
        return;
      }
      const ended = once(running, 'exit');
      running.kill(name);
      if (name === 'SIGKILL' || name === 'SIGTERM') {
        await ended;
      }
    },
    client: () =>
      connectNumberClient({
        host: '127.0.0.1',
        port: options.port,
        user: APPLICATION_USER,
        password: applicationPassword,
        authorityFile: options.tls.authority,
      }),
    makeUser: (user, password) => run(`CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`),
    async mayRead(user, password) {
      const connection = await loginAs(user, password);
      const may = async (table: string): Promise<boolean> =>
        connection.query(`SELECT * FROM ${table} LIMIT 1`).then(
          () => true,
          () => false,
        );
      const answer = { users: await may('mysql.global_priv'), rows: await may('conformance.numbers') };
      connection.destroy();
      return answer;
    },
    async schemasOf(user, password) {
      try {
        const connection = await loginAs(user, password);
        const [rows] = await connection.query<RowDataPacket[]>('SHOW DATABASES');
        connection.destroy();
        return rows.map((row) => String(row['Database'])).filter((name) => name !== 'information_schema');
      } catch (error) {
        if ((error as { errno?: number }).errno === ACCESS_DENIED) {
          return undefined;
        }
        throw error;
      }
    },
    stopApplying: () => run('STOP SLAVE SQL_THREAD'),
    async blockApplying() {
      const connection = await connect();
      await connection.query('START TRANSACTION');
      // Locks the gap behind the last number, too: the next one has to wait.
      await connection.query('SELECT id FROM conformance.numbers FOR UPDATE');
      return async () => {
        await connection.query('ROLLBACK');
        connection.destroy();
      };
    },
    async blockLooks() {
      const connection = await connect();
      await connection.query(`LOCK TABLES ${OWN_SCHEMA}.epoch WRITE`);
      return async () => {
        await connection.query('UNLOCK TABLES');
        connection.destroy();
      };
    },
    async limitStatements() {
      await run('SET GLOBAL max_join_size = 1, GLOBAL sql_safe_updates = 1');
      return () => run('SET GLOBAL max_join_size = DEFAULT, GLOBAL sql_safe_updates = DEFAULT');
    },
    async sentAll() {
      // Time for a thread to come to what it was woken for.
      await delay(WAKING_MILLISECONDS);
      const busy = await eventually(
        () =>
          query(
            "SELECT STATE FROM information_schema.PROCESSLIST WHERE COMMAND = 'Binlog Dump' AND STATE NOT LIKE '%has sent all%'",
          ),
        (rows) => rows.length === 0,
      );
      assert.deepEqual(busy, []);
    },
    rotateReceivedLog: () => run('FLUSH RELAY LOGS'),
    readKept: (path) =>
      runProgram(
        startProgram,
        { program: 'mariadb-binlog', arguments: ['--no-defaults', '--verbose', path] },
        AbortSignal.timeout(PATIENCE_MILLISECONDS),
      ),
    rotateLog: () => run('FLUSH BINARY LOGS'),
    async tearReceivedLog() {
      const newest = (await listLogFiles(layout.data, RELAY_LOG_NAME)).at(-1);
      if (newest === undefined) {
        throw new Error('there is no relay log');
      }
      // The header of a rows event of a kilobyte, and no more of it than that.
      const torn = Buffer.alloc(40);
      torn.writeUInt8(23, 4);
      torn.writeUInt32LE(1024, 9);
      await appendFile(newest.path, torn);
    },
    async beginReceivedLog() {
      const files = await listLogFiles(layout.data, RELAY_LOG_NAME);
      const next = `${RELAY_LOG_NAME}.${String(files.length + 900).padStart(6, '0')}`;
      await writeFile(join(layout.data, next), '');
      await appendFile(join(layout.data, `${RELAY_LOG_NAME}.index`), `${join(layout.data, next)}\n`);
    },
    async logs() {
      const general = await readFile(generalLogFile(options.volumePath), 'utf8');
      return [...log, general].join('');
    },
    withPrograms: (wrap) => mariadbEngine.createMember({ ...options, startProgram: wrap(startProgram) }),
  };
}

/** Where the server logs every statement it is sent. */
export function generalLogFile(volumePath: string): string {
  return join(volumePath, '..', 'general.log');
}
