/** SHOW TABLE STATUS and SHOW TRIGGERS: of all tables of a keyspace, which servers have in several databases. */
import { textLiteral } from '../../session/session-variables.ts';
import { quoteName } from '../participants.ts';

/** What is shown: from which table of information_schema, and its columns by the names that SHOW gives them. */
export interface ShownList {
  readonly view: string;
  readonly schemaColumn: string;
  /** The name, as shown, that LIKE is about. */
  readonly named: string;
  readonly columns: readonly (readonly [column: string, shownAs: string])[];
}

/** Source: ST_SCHEMA_TABLE in sql_show.cc of MariaDB. */
export const TABLE_STATUS: ShownList = {
  view: 'TABLES',
  schemaColumn: 'TABLE_SCHEMA',
  named: 'Name',
  columns: [
    ['TABLE_NAME', 'Name'],
    ['ENGINE', 'Engine'],
    ['VERSION', 'Version'],
    ['ROW_FORMAT', 'Row_format'],
    ['TABLE_ROWS', 'Rows'],
    ['AVG_ROW_LENGTH', 'Avg_row_length'],
    ['DATA_LENGTH', 'Data_length'],
    ['MAX_DATA_LENGTH', 'Max_data_length'],
    ['INDEX_LENGTH', 'Index_length'],
    ['DATA_FREE', 'Data_free'],
    ['AUTO_INCREMENT', 'Auto_increment'],
    ['CREATE_TIME', 'Create_time'],
    ['UPDATE_TIME', 'Update_time'],
    ['CHECK_TIME', 'Check_time'],
    ['TABLE_COLLATION', 'Collation'],
    ['CHECKSUM', 'Checksum'],
    ['CREATE_OPTIONS', 'Create_options'],
    ['TABLE_COMMENT', 'Comment'],
    ['MAX_INDEX_LENGTH', 'Max_index_length'],
    ['TEMPORARY', 'Temporary'],
  ],
};

/** Source: the same. LIKE is about the table. */
export const TRIGGERS: ShownList = {
  view: 'TRIGGERS',
  schemaColumn: 'TRIGGER_SCHEMA',
  named: 'Table',
  columns: [
    ['TRIGGER_NAME', 'Trigger'],
    ['EVENT_MANIPULATION', 'Event'],
    ['EVENT_OBJECT_TABLE', 'Table'],
    ['ACTION_STATEMENT', 'Statement'],
    ['ACTION_TIMING', 'Timing'],
    ['CREATED', 'Created'],
    ['SQL_MODE', 'sql_mode'],
    ['DEFINER', 'Definer'],
    ['CHARACTER_SET_CLIENT', 'character_set_client'],
    ['COLLATION_CONNECTION', 'collation_connection'],
    ['DATABASE_COLLATION', 'Database Collation'],
  ],
};

/** The query. `like` is a whole `LIKE '…'`, `where` a condition on the columns as they are shown; both may be missing. */
export function shownListText(
  { view, schemaColumn, named, columns }: ShownList,
  databases: readonly string[],
  { like, where }: { readonly like: string | null; readonly where: string | null },
): string {
  const list = columns.map(([column, shownAs]) => `${column} AS ${quoteName(shownAs)}`).join(', ');
  const names = databases.map((database) => textLiteral(database)).join(', ');
  const conditions = [
    ...(like === null ? [] : [`${quoteName(named)} ${like}`]),
    ...(where === null ? [] : [`(${where})`]),
  ];
  return (
    `SELECT * FROM (SELECT ${list} FROM information_schema.${view} WHERE ${schemaColumn} IN (${names})) AS shown` +
    `${conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`} ORDER BY 1`
  );
}
