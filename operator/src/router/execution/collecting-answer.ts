import type { ClientAnswer } from '../client/client-answer.ts';
import { BASE_CAPABILITIES, type Capabilities, removeCapabilities } from '../../wire/capabilities.ts';
import { type ColumnDefinition, decodeColumn } from '../../wire/column-definition.ts';
import { EXTENDED_CAPABILITY } from '../../wire/capabilities.ts';
import { FRAME_HEADER, isFullFrame, payloadsOf, readFrameLength } from '../../wire/frame.ts';
import type { OkPacket } from '../../wire/ok-packet.ts';
import { PayloadReader } from '../../wire/payload-reader.ts';
import { decodeError, type ServerErrorText } from '../../wire/server-error.ts';
import { decodeTextRow, encodeTextRow } from '../../wire/text-row.ts';

const ERROR_HEADER = 0xff;

/** Takes the answer to a statement that a session runs for itself, instead of its client. Small answers only. */
export class CollectingAnswer implements ClientAnswer {
  readonly capabilities: Capabilities;
  failure: ServerErrorText | undefined;
  columnDefinitions: ColumnDefinition[] = [];
  /** Rows of the text protocol. */
  readonly payloads: Buffer[] = [];
  /** Of a statement without rows. */
  completion: OkPacket | undefined;
  #expected: number | undefined;
  #parts: Buffer[] = [];

  /** `extendedMetadata` as the session's server connections have it. */
  constructor(extendedMetadata: boolean) {
    this.capabilities = extendedMetadata
      ? BASE_CAPABILITIES
      : removeCapabilities(BASE_CAPABILITIES, 0, EXTENDED_CAPABILITY.extendedMetadata);
  }

  get begun(): boolean {
    return this.#expected !== undefined || this.failure !== undefined;
  }

  get congested(): boolean {
    return false;
  }

  /** The rows' values; null for NULL. */
  get values(): (Buffer | null)[][] {
    return this.payloads.map((payload) => decodeTextRow(payload, this.columnDefinitions.length));
  }

  packet(payload: Buffer): boolean {
    if (this.#expected === undefined) {
      if (payload[0] === ERROR_HEADER) {
        this.failure = decodeError(payload);
      } else {
        this.#expected = new PayloadReader(payload).lengthEncoded();
      }
    } else if (this.columnDefinitions.length < this.#expected) {
      this.columnDefinitions.push(decodeColumn(Buffer.from(payload), this.capabilities));
    } else {
      this.payloads.push(Buffer.from(payload));
    }
    return true;
  }

  frames(buffer: Buffer, start: number, end: number): boolean {
    for (let at = start; at < end;) {
      const next = at + FRAME_HEADER + readFrameLength(buffer, at);
      this.#parts.push(buffer.subarray(at + FRAME_HEADER, next));
      if (!isFullFrame(at, next)) {
        this.packet(Buffer.concat(this.#parts));
        this.#parts = [];
      }
      at = next;
    }
    return true;
  }

  ok(ok: OkPacket): boolean {
    this.#expected ??= 0;
    this.completion = ok;
    return true;
  }

  error(error: ServerErrorText): boolean {
    this.failure = error;
    return true;
  }

  columns(columns: readonly ColumnDefinition[]): boolean {
    this.#expected = columns.length;
    this.columnDefinitions = [...columns];
    return true;
  }

  encodedColumns(definitions: readonly Buffer[]): boolean {
    return this.columns(
      definitions.map((definition) => decodeColumn(Buffer.from(definition), this.capabilities)),
    );
  }

  columnFrames(buffer: Buffer, start: number, end: number): boolean {
    return this.encodedColumns(payloadsOf(buffer, start, end).slice(1));
  }

  progress(): void {}

  definitions(): boolean {
    return true;
  }

  endOfRows(): boolean {
    return true;
  }

  textResult(columns: readonly ColumnDefinition[], rows: readonly (readonly (Buffer | null)[])[]): boolean {
    this.columns(columns);
    this.payloads.push(...rows.map((row) => encodeTextRow(row)));
    return true;
  }

  async drained(): Promise<void> {}

  async *localFile(): AsyncIterable<Buffer> {}
}
