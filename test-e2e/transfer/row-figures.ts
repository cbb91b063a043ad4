/** Figures about the rows of a table, equal for equal rows. */
import type { RowDataPacket } from 'mysql2/promise';
import type { DatabaseServer } from '../router/database-server.ts';
import { TABLES } from './every-type.ts';

/** For each table: how many rows, and XOR and sum of their checksums. */
export async function rowFigures(
  server: DatabaseServer,
  database: string,
): Promise<Readonly<Record<string, string>>> {
  const figures: Record<string, string> = {};
  for (const table of TABLES) {
    const columns = await server.query(
      `SELECT COLUMN_NAME AS name, DATA_TYPE AS type FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = '${database}' AND TABLE_NAME = '${table}' ORDER BY ORDINAL_POSITION`,
    );
    const history = table === 'history' ? ' FOR SYSTEM_TIME ALL' : '';
    const invisible = table === 'history' ? ['row_start', 'row_end'] : [];
    const names = [...columns.map(expressionOf), ...invisible.map((name) => `IFNULL(HEX(${name}), 'null')`)];
    const checksum = `CRC32(CONCAT_WS('#', ${names.join(', ')}))`;
    const [row] = await server.query(
      `SELECT CONCAT_WS(' ', COUNT(*), BIT_XOR(${checksum}), SUM(${checksum})) AS figures FROM ${database}.${table}${history}`,
    );
    figures[table] = String(row?.['figures']);
  }
  return figures;
}

/** A column's value as text of its bytes; of a FLOAT with all its digits. */
function expressionOf(column: RowDataPacket): string {
  const name = `\`${String(column['name'])}\``;
  const isFloat = column['type'] === 'float' || column['type'] === 'double';
  return `IFNULL(HEX(${isFloat ? `CONCAT(CAST(${name} AS DOUBLE))` : name}), 'null')`;
}
