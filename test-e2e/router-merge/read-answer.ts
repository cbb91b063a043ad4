import type { Connection, FieldPacket } from 'mysql2/promise';
import type { ColumnDefinition } from '../../operator/src/wire/column-definition.ts';

/** The answer to a statement: what a client sees of it. */
export interface Answer {
  readonly columns: readonly ColumnDefinition[];
  readonly rows: readonly (readonly (Buffer | null)[])[];
}

/** Runs a statement, and reads its answer byte by byte. Rejects with the server's error. */
export async function readAnswer(connection: Connection, sql: string): Promise<Answer> {
  const [rows, fields] = await connection.query<never>({
    sql,
    rowsAsArray: true,
    typeCast: (field: { buffer(): Buffer | null }) => field.buffer(),
  });
  return Array.isArray(rows) ? { columns: fields.map(definitionOf), rows } : { columns: [], rows: [] };
}

function definitionOf(field: FieldPacket): ColumnDefinition {
  return {
    schema: '',
    table: field.table,
    originalTable: field.orgTable,
    name: field.name,
    originalName: field.orgName,
    collation: Number(Reflect.get(field, 'characterSet')),
    length: Number(Reflect.get(field, 'columnLength')),
    type: Number(field.columnType),
    flags: Number(field.flags),
    decimals: field.decimals,
    extended: Buffer.alloc(0),
  };
}
