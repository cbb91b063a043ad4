/** Refusals, by what is wrong. Texts name tables, columns and keys' columns, never values. */
import type { KeyRefusal } from '../../core/keyspace/key-literal.ts';
import type { Refusal, RouteOf } from './route.ts';

/** A refusal as a route. */
export type Refused = RouteOf<'refused'>;

/** A refusal with the server's own number and SQLSTATE for such an error. */
export function refuse(refusal: Refusal): Refused {
  return { kind: 'refused', ...refusal };
}

/** What a single MariaDB could do, and several slots cannot: ER_NOT_SUPPORTED_YET. */
export function refuseUnsupported(message: string, hint: string): Refused {
  return refuse({ errno: 1235, sqlState: '42000', message, hint });
}

/** ER_NO_DB_ERROR */
export function refuseNoDatabase(): Refused {
  return refuse({ errno: 1046, sqlState: '3D000', message: 'No database selected', hint: '' });
}

/** ER_BAD_DB_ERROR */
export function refuseUnknownDatabase(schema: string): Refused {
  return refuse({ errno: 1049, sqlState: '42000', message: `Unknown database '${schema}'`, hint: '' });
}

/** ER_NO_SUCH_TABLE */
export function refuseUnknownTable(keyspace: string, table: string): Refused {
  return refuse({
    errno: 1146,
    sqlState: '42S02',
    message: `Table '${keyspace}.${table}' doesn't exist`,
    hint: '',
  });
}

/** ER_UPDATE_WITHOUT_KEY_IN_SAFE_MODE: UPDATE or DELETE of all slots. */
export function refuseKeylessWrite(message: string, hint: string): Refused {
  return refuse({ errno: 1175, sqlState: 'HY000', message, hint });
}

/** A value that is no key of `table`.`column`. */
export function refuseKeyValue(table: string, column: string, { code, reason, hint }: KeyRefusal): Refused {
  const message = `The key ${column} of table ${table} ${reason}`;
  // ER_BAD_NULL_ERROR, ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
  return code === 'Null'
    ? refuse({ errno: 1048, sqlState: '23000', message, hint })
    : refuse({ errno: 1366, sqlState: 'HY000', message, hint });
}
