/** The table that sysbench makes for its OLTP runs, filled by the server itself. */
import type { SqlClient } from './sql-client.ts';

const TABLE = 'app.sbtest1';

/** What tells whether two members hold the same rows: how many, and the exclusive or of their checksums. */
export interface Fingerprint {
  readonly rows: number;
  readonly checksum: string;
}

const COLUMNS = `
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  k INT NOT NULL DEFAULT 0,
  c CHAR(120) NOT NULL DEFAULT '',
  pad CHAR(60) NOT NULL DEFAULT '',
  KEY k_1 (k)`;

/** Makes the table of `rows` rows by way of `host` unless it is there. */
export async function fillDataSet(client: SqlClient, host: string, rows: number): Promise<void> {
  await client.query(host, 'CREATE DATABASE IF NOT EXISTS app');
  await client.query(host, `CREATE TABLE IF NOT EXISTS ${TABLE} (${COLUMNS})`);
  await client.query(
    host,
    `INSERT INTO ${TABLE} (id, k, c, pad)
     SELECT seq, 1 + FLOOR(RAND() * ${rows}), CONCAT(SHA2(RAND(), 256), '-', SHA1(RAND())), MD5(RAND())
     FROM app.seq_1_to_${rows} WHERE NOT EXISTS (SELECT 1 FROM ${TABLE})`,
  );
}

/** The rows that one member, or a Service, shows. */
export async function fingerprint(client: SqlClient, host: string): Promise<Fingerprint> {
  const [row] = await client.query(
    host,
    `SELECT COUNT(*), BIT_XOR(CRC32(CONCAT_WS('#', id, k, c, pad))) FROM ${TABLE}`,
  );
  return { rows: Number(row?.[0]), checksum: row?.[1] ?? '' };
}
