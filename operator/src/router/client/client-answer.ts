import type { Capabilities } from '../../wire/capabilities.ts';
import type { ColumnDefinition } from '../../wire/column-definition.ts';
import type { OkPacket } from '../../wire/ok-packet.ts';
import type { ProgressReport } from '../../wire/progress-report.ts';
import type { ServerErrorText } from '../../wire/server-error.ts';

/**
 * Where the answer to one command is written. Sequence numbers, frames, compression and gathering small writes are its
 * business. Every write returns false when the client is slow: await `drained` then, or memory grows.
 */
export interface ClientAnswer {
  /** What both sides can do; decides about EOF packets and metadata. */
  readonly capabilities: Capabilities;
  /** Whether anything was written for this command. */
  readonly begun: boolean;
  /** One payload of any size. */
  packet(payload: Buffer): boolean;
  /**
   * Whole frames of a server, headers included, between `start` and `end`, which are sent without being copied: their
   * sequence numbers are overwritten in place.
   */
  frames(buffer: Buffer, start: number, end: number): boolean;
  /** An OK packet. */
  ok(ok: OkPacket): boolean;
  /** An ERR packet. */
  error(error: ServerErrorText): boolean;
  /** Tells a client that shows such a thing how far its statement is; before the answer begins, and without being a part of it. */
  progress(report: ProgressReport): void;
  /** The number of columns, their definitions, and their end where EOF packets are in use. `status` as in OkPacket. */
  columns(columns: readonly ColumnDefinition[], status: number): boolean;
  /** As `columns`, with definitions that are encoded already, by a server under the same extended capabilities. */
  encodedColumns(definitions: readonly Buffer[], status: number): boolean;
  /** The same as frames of a server, from the packet with the number of columns to the last definition; see `frames`. */
  columnFrames(buffer: Buffer, start: number, end: number, status: number): boolean;
  /**
   * Definitions without their number in front, and their end where EOF packets are in use and there are any: what follows
   * the first packet of an answer to COM_STMT_PREPARE, once for the parameters and once for the columns.
   */
  definitions(definitions: readonly Buffer[], status: number): boolean;
  /** The end of rows. */
  endOfRows(status: number, warnings: number): boolean;
  /** A whole result of text rows; for small answers that the router makes itself. */
  textResult(
    columns: readonly ColumnDefinition[],
    rows: readonly (readonly (Buffer | null)[])[],
    status: number,
    warnings: number,
  ): boolean;
  /** Whether the last write returned false for good reason. */
  readonly congested: boolean;
  /** Resolves when the client has caught up. Rejects when the signal aborts or the client has gone or stays too slow. */
  drained(signal: AbortSignal): Promise<void>;
  /**
   * The payloads that a client sends after it was asked for a file (packet 0xFB, already written): ends with the
   * empty one, which is not handed out. Must be read to its end, also after an error.
   */
  localFile(signal: AbortSignal): AsyncIterable<Buffer>;
}
