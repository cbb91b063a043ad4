/** An application that appends numbers to a table. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { WorkloadClient } from '../../operator/src/engines/conformance/host.ts';

/** Just below the default of max_allowed_packet, which bounds a value. */
const LARGEST_PAYLOAD_BYTES = 15 << 20;

/** How the application reaches a server. */
export interface NumberClientOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** File of the authority that the server's certificate must come from. */
  readonly authorityFile: string;
}

/** Connects over TLS. */
export async function connectNumberClient(options: NumberClientOptions): Promise<WorkloadClient> {
  const { host, port, user, password, authorityFile } = options;
  const connection = await createConnection({
    host,
    port,
    user,
    password,
    connectTimeout: 120_000,
    ssl: { ca: await readFile(authorityFile, 'utf8') },
  });
  // A killed server is told of by the request that is under way.
  connection.on('error', () => {});
  const answerOf = async (
    request: Promise<unknown>,
    timeoutMilliseconds: number,
  ): Promise<'acknowledged' | 'unknown'> => {
    request.catch(() => {});
    const answer = await Promise.race([
      request.then(() => 'acknowledged' as const),
      delay(timeoutMilliseconds, 'unknown' as const, { ref: false }),
    ]);
    if (answer === 'unknown') {
      connection.destroy();
    }
    return answer;
  };
  return {
    async prepare() {
      await connection.query('CREATE DATABASE IF NOT EXISTS conformance');
      await connection.query(
        'CREATE TABLE IF NOT EXISTS conformance.numbers (id BIGINT PRIMARY KEY, payload LONGBLOB) ENGINE=InnoDB',
      );
      await connection.query(
        'CREATE TABLE IF NOT EXISTS conformance.notes (id BIGINT PRIMARY KEY) ENGINE=Aria',
      );
    },
    async appendLargest(number) {
      await connection.query("INSERT INTO conformance.numbers VALUES (?, REPEAT('x', ?))", [
        number,
        LARGEST_PAYLOAD_BYTES,
      ]);
    },
    append: (number, timeoutMilliseconds) =>
      answerOf(
        connection.query('INSERT INTO conformance.numbers (id) VALUES (?)', [number]),
        timeoutMilliseconds,
      ),
    appendForGood: (number, timeoutMilliseconds) =>
      answerOf(connection.query('INSERT INTO conformance.notes VALUES (?)', [number]), timeoutMilliseconds),
    define: (timeoutMilliseconds) =>
      answerOf(
        connection.query(`CREATE TABLE conformance.defined_${randomUUID().replaceAll('-', '')} (id INT)`),
        timeoutMilliseconds,
      ),
    async read() {
      const [rows] = await connection.query<RowDataPacket[]>(
        'SELECT id FROM conformance.numbers UNION ALL SELECT id FROM conformance.notes ORDER BY id',
      );
      return rows.map((row) => Number(row['id']));
    },
    close() {
      connection.destroy();
    },
  };
}
