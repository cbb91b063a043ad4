/**
 * How old what arrives is. Events tell seconds only; the heartbeat that a primary writes into its own table several times a
 * second comes through the log as well, and tells microseconds.
 */
import { EVENT_HEADER_BYTES } from '../log-events.ts';
import { OWN_SCHEMA } from '../own-schema.ts';
import { EVENT_TYPE, eventSeconds, eventType, holdsRows, readTableMap, tableId } from './binlog-event.ts';

/** The heartbeat's columns as a table map has them: three, of the types TINYINT, BIGINT, DATETIME(6). */
const COLUMNS = Buffer.from([3, 1, 8, 18]);
/** Bytes of a row: which columns are NULL, id, epoch, the second, and its fraction. */
const ROW_BYTES = 1 + 1 + 8 + 5 + 3;
/** What is added to the seconds of a DATETIME, so that its bytes sort. */
const DATETIME_OFFSET = 0x80_0000_0000;

/** Looks at the events of one stream in their order. */
export class HeartbeatWatch {
  #table: number | undefined;

  /** When the change that ends with this event was made, in milliseconds since 1970; undefined where it does not tell. */
  take(event: Buffer): number | undefined {
    const type = eventType(event);
    if (type === EVENT_TYPE.tableMap) {
      const { schema, table } = readTableMap(event);
      if (schema === OWN_SCHEMA && table === 'heartbeat') {
        this.#table = event.includes(COLUMNS, EVENT_HEADER_BYTES) ? tableId(event) : undefined;
      }
      return undefined;
    }
    if (holdsRows(type)) {
      const isHeartbeat =
        (type === EVENT_TYPE.writeRows || type === EVENT_TYPE.updateRows) && tableId(event) === this.#table;
      return isHeartbeat ? writtenAt(event) : undefined;
    }
    // A second is over before it is known to have been the event's.
    return type === EVENT_TYPE.transactionId ? (eventSeconds(event) + 1) * 1000 : undefined;
  }
}

/** The heartbeat's time: the last column of the last row, which is the row as it became. */
function writtenAt(event: Buffer): number | undefined {
  if (event.length < EVENT_HEADER_BYTES + ROW_BYTES) {
    return undefined;
  }
  return readDatetime(event, event.length - 8);
}

/** DATETIME(6): year and month, day, hour, minute, second in 40 bits, then microseconds in 24. Source: https://mariadb.com/kb/en/rows_event_v1v2-rows_compressed_event_v1/ */
function readDatetime(bytes: Buffer, at: number): number {
  const packed = bytes.readUIntBE(at, 5) - DATETIME_OFFSET;
  const time = packed % 2 ** 17;
  const date = Math.floor(packed / 2 ** 17);
  const months = date >> 5;
  return (
    Date.UTC(Math.floor(months / 13), (months % 13) - 1, date & 31, time >> 12, (time >> 6) & 63, time & 63) +
    bytes.readUIntBE(at + 5, 3) / 1000
  );
}
