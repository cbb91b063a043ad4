/**
 * Events of binary and relay logs, as far as transaction boundaries need them.
 * Source: https://mariadb.com/kb/en/replication-protocol-event-types/ (2-event-header, gtid_event,
 * gtid_list_event, query_event, format_description_event, rows_event: table map).
 */
import { EngineError } from '../engine-error.ts';
import { addGtid, type Gtid, type GtidList } from './gtid.ts';

/** Bytes of every event's header. */
export const EVENT_HEADER_BYTES = 19;
/** The four bytes a log file starts with. */
export const LOG_MAGIC = Buffer.from([0xfe, 0x62, 0x69, 0x6e]);

const EVENT = {
  query: 2,
  formatDescription: 15,
  transactionId: 16,
  tableMap: 19,
  xaPrepare: 38,
  gtid: 162,
  gtidList: 163,
  startEncryption: 164,
  compressedQuery: 165,
} as const;

/** Bit of a GTID event's flags: the group is that event and one statement, without an end of its own. */
const STANDALONE = 1;
/** Low bits of a GTID list's count; the high ones are flags. */
const COUNT_MASK = 0x0fff_ffff;
const CHECKSUM_BYTES = 4;

/** An event's header. */
export interface EventHeader {
  readonly type: number;
  readonly server: number;
  /** Of the whole event, header included. */
  readonly length: number;
}

/** Reads a header. The length of a torn or zeroed one may be anything. */
export function readEventHeader(bytes: Buffer): EventHeader {
  return { type: bytes.readUInt8(4), server: bytes.readUInt32LE(5), length: bytes.readUInt32LE(9) };
}

/** Whether `TransactionScanner` looks into events of a type; others may be skipped unread. */
export function hasRelevantBody(type: number): boolean {
  return (
    type === EVENT.query ||
    type === EVENT.formatDescription ||
    type === EVENT.tableMap ||
    type === EVENT.gtid ||
    type === EVENT.gtidList ||
    type === EVENT.startEncryption
  );
}

/**
 * Follows transactions through the events of one log, in order, across its files. A transaction counts once its
 * last event is there. An event group of a relay log may go on in the next file.
 */
export class TransactionScanner {
  readonly #complete = new Map<number, Gtid>();
  #startsAfter: readonly Gtid[] | undefined;
  #begun: Gtid | undefined;
  #ended: Gtid | undefined;
  #open: { readonly gtid: Gtid; readonly standalone: boolean } | undefined;
  /** Schemas of the tables whose rows the open transaction changes; undefined where that is not all it does. */
  #schemas: Set<string> | undefined;
  #checksumBytes = 0;

  /** The newest complete transaction of each domain. */
  get complete(): GtidList {
    return this.#complete;
  }

  /** What the log's first list says came before it: the last of each server in each domain. Undefined until one was seen. */
  get startsAfter(): readonly Gtid[] | undefined {
    return this.#startsAfter;
  }

  /** The transaction that the event taken last has begun. */
  get begun(): Gtid | undefined {
    return this.#begun;
  }

  /** The transaction that the event taken last has ended. */
  get ended(): Gtid | undefined {
    return this.#ended;
  }

  /** Whether `ended` changes rows of tables in this schema, and nothing else, as far as can be told. */
  endedWithin(schema: string): boolean {
    return this.#schemas?.size === 1 && this.#schemas.has(schema);
  }

  /** Takes the next event. `body` is what follows the header; empty where `hasRelevantBody` is false. */
  take(header: EventHeader, body: Buffer): void {
    this.#begun = undefined;
    this.#ended = undefined;
    switch (header.type) {
      case EVENT.formatDescription:
        // The last five bytes: the algorithm (0 none, 1 CRC32) and this event's own checksum.
        this.#checksumBytes = body.readUInt8(body.length - 1 - CHECKSUM_BYTES) === 1 ? CHECKSUM_BYTES : 0;
        break;
      case EVENT.startEncryption:
        throw new EngineError('UnreadableFiles', 'the log is encrypted');
      case EVENT.gtidList:
        this.#startsAfter ??= readGtidList(body);
        break;
      case EVENT.gtid:
        this.#open = {
          gtid: { sequence: body.readBigUInt64LE(0), domain: body.readUInt32LE(8), server: header.server },
          standalone: (body.readUInt8(12) & STANDALONE) !== 0,
        };
        this.#begun = this.#open.gtid;
        this.#schemas = this.#open.standalone ? undefined : new Set();
        break;
      case EVENT.tableMap:
        this.#schemas?.add(schemaOfTable(body));
        break;
      case EVENT.transactionId:
      case EVENT.xaPrepare:
        this.#end();
        break;
      case EVENT.query:
        if (this.#open?.standalone === true || endsTransaction(body, this.#checksumBytes)) {
          this.#end();
        } else {
          this.#schemas = undefined;
        }
        break;
      case EVENT.compressedQuery:
        this.#schemas = undefined;
        if (this.#open?.standalone === true) {
          this.#end();
        }
        break;
      default:
        break;
    }
  }

  #end(): void {
    if (this.#open !== undefined) {
      addGtid(this.#complete, this.#open.gtid);
      this.#ended = this.#open.gtid;
      this.#open = undefined;
    }
  }
}

/** After the table's number, of six bytes, and two of flags: the length of the schema's name, and the name. */
function schemaOfTable(body: Buffer): string {
  return body.toString('utf8', 9, 9 + body.readUInt8(8));
}

function readGtidList(body: Buffer): readonly Gtid[] {
  const list: Gtid[] = [];
  const count = body.readUInt32LE(0) & COUNT_MASK;
  for (let index = 0; index < count; index += 1) {
    const at = 4 + index * 16;
    list.push({
      domain: body.readUInt32LE(at),
      server: body.readUInt32LE(at + 4),
      sequence: body.readBigUInt64LE(at + 8),
    });
  }
  return list;
}

/** Whether a statement event is the COMMIT or ROLLBACK that ends a group of non-transactional changes. */
function endsTransaction(body: Buffer, checksumBytes: number): boolean {
  const schemaLength = body.readUInt8(8);
  const statusLength = body.readUInt16LE(11);
  const text = body.toString('latin1', 13 + statusLength + schemaLength + 1, body.length - checksumBytes);
  return text === 'COMMIT' || text === 'ROLLBACK';
}
