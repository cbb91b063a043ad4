/** Events of a followed database as they are to be repeated in the one that gets some of its rows, or has another name. */
import { slotOf } from '../../../core/keyspace/keyspace-layout.ts';
import { EngineError } from '../../engine-error.ts';
import type { DatabaseHere, PartOfRows } from '../../slot-transfer.ts';
import { EVENT_TYPE, eventType, readTableMap, tableId } from './binlog-event.ts';
import type { PartKey, PartKeys } from './part-keys.ts';
import {
  type ColumnFormat,
  readColumnFormats,
  readRowImage,
  readRowsLayout,
  withRows,
  withSchema,
} from './row-format.ts';
import { readRowKey } from './row-key.ts';

/**
 * What of some rows belongs here: the event with those rows, all of it or less; null for none. `KeyChanged`: an update takes
 * a row across the boundary, which is a deletion here or an insertion: it cannot be repeated as it is.
 */
export type PartOfEvent = Buffer | null | 'KeyChanged';

interface MappedRows {
  readonly key: PartKey;
  readonly formats: readonly ColumnFormat[];
}

/** Makes them. Takes the maps and rows of one database, in their order. */
export class PartEvents {
  readonly #here: DatabaseHere;
  readonly #keys: PartKeys;
  /** Mapped tables by their number. */
  readonly #mapped = new Map<number, MappedRows>();

  /** `keys`: of all tables; none where all rows are taken. */
  constructor(here: DatabaseHere, keys: PartKeys) {
    this.#here = here;
    this.#keys = keys;
  }

  /** The map of a table, as it is called here. EngineError `NotMovable` for one that has no key. */
  map(event: Buffer): Buffer {
    const { database, rows } = this.#here;
    if (rows !== null) {
      const { table } = readTableMap(event);
      const key = this.#keys.get(table);
      if (key === undefined) {
        throw new EngineError('NotMovable', `the rows of table ${table} have no key to be divided by`);
      }
      this.#mapped.set(tableId(event), { key, formats: readColumnFormats(event) });
    }
    return withSchema(event, database);
  }

  /** Rows of a table that was mapped. EngineError `NotMovable` for rows that cannot be told apart. */
  rows(event: Buffer): PartOfEvent {
    const { rows } = this.#here;
    const mapped = this.#mapped.get(tableId(event));
    if (rows === null) {
      return event;
    }
    if (mapped === undefined) {
      throw new EngineError('NotMovable', 'there are rows in the log of a table that was not mapped');
    }
    return partOf(event, rows, mapped);
  }
}

/** Types of events whose rows can be looked into. Compressed ones are not made, unless somebody asks the server for them. */
const PLAIN_ROWS: ReadonlySet<number> = new Set([
  EVENT_TYPE.writeRows,
  EVENT_TYPE.updateRows,
  EVENT_TYPE.deleteRows,
]);

function partOf(event: Buffer, part: PartOfRows, { key, formats }: MappedRows): PartOfEvent {
  const type = eventType(event);
  if (!PLAIN_ROWS.has(type)) {
    throw new EngineError(
      'NotMovable',
      'rows in the log are compressed and cannot be divided: set log_bin_compress to OFF',
    );
  }
  const { rowsAt, present } = readRowsLayout(event, type === EVENT_TYPE.updateRows);
  const kept: Buffer[] = [];
  let at = rowsAt;
  while (at < event.length) {
    const start = at;
    const belongs: boolean[] = [];
    for (const columns of present) {
      const image = readRowImage(event, at, { formats, present: columns, wanted: key.place });
      belongs.push(isPart(event, image.valueAt, part, key, formats));
      at = image.end;
    }
    if (belongs.some((each) => each !== belongs[0])) {
      return 'KeyChanged';
    }
    if (belongs[0] === true) {
      kept.push(event.subarray(start, at));
    }
  }
  if (at !== event.length) {
    throw new EngineError('NotMovable', 'rows in the log do not end where their event does');
  }
  return kept.length === 0 ? null : withRows(event, rowsAt, kept);
}

function isPart(
  event: Buffer,
  valueAt: number | null | undefined,
  { layout, slot, side }: PartOfRows,
  { rule, place }: PartKey,
  formats: readonly ColumnFormat[],
): boolean {
  const format = formats[place];
  if (valueAt === undefined || format === undefined) {
    throw new EngineError('NotMovable', 'rows in the log lack their key: binlog_row_image has to be FULL');
  }
  const isInside = valueAt !== null && slotOf(layout, readRowKey(rule, format, event, valueAt)) === slot;
  return isInside === (side === 'inside');
}
