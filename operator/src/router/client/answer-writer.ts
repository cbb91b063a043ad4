import type { Clock } from '../../runtime/clock.ts';
import {
  CAPABILITY,
  type Capabilities,
  EXTENDED_CAPABILITY,
  hasCapability,
  hasExtendedCapability,
} from '../../wire/capabilities.ts';
import { type ColumnDefinition, encodeColumn, encodeColumnCount } from '../../wire/column-definition.ts';
import { encodeEndOfRows, encodeEof, encodeOk, type OkPacket } from '../../wire/ok-packet.ts';
import { isFullFrame } from '../../wire/frame.ts';
import type { PacketChannel } from '../../wire/packet-channel.ts';
import type { PacketQueue } from '../../wire/packet-queue.ts';
import type { SessionChanges } from '../../wire/session-changes.ts';
import { encodeProgress, type ProgressReport } from '../../wire/progress-report.ts';
import { encodeError, type ServerErrorText } from '../../wire/server-error.ts';
import { encodeTextRow } from '../../wire/text-row.ts';
import type { ClientAnswer } from './client-answer.ts';

/** What an answer is written to. */
export interface AnswerTarget {
  readonly channel: PacketChannel;
  readonly packets: PacketQueue;
  readonly capabilities: Capabilities;
  readonly clock: Clock;
  /** What is to be told of the session with the next OK; see `CommandHandler.takeChanges`. */
  readonly takeChanges: () => SessionChanges | null;
  /** See ClientLimits. */
  readonly writeTimeoutMilliseconds: number;
  /** Called when the client took nothing for that long: must close the connection. */
  readonly tooSlow: () => void;
}

/** The answers of one connection, one after the other. */
export class AnswerWriter implements ClientAnswer {
  begun = false;
  /** The last frame is to be continued by another: nothing else can be sent before. */
  amidPayload = false;
  readonly #target: AnswerTarget;

  constructor(target: AnswerTarget) {
    this.#target = target;
  }

  get capabilities(): Capabilities {
    return this.#target.capabilities;
  }

  get congested(): boolean {
    return this.#target.channel.congested;
  }

  packet(payload: Buffer): boolean {
    this.begun = true;
    this.amidPayload = false;
    return this.#target.channel.send(payload);
  }

  frames(buffer: Buffer, start: number, end: number): boolean {
    this.begun = true;
    // A full frame is longer than any chunk, so that it makes up a run alone.
    this.amidPayload = isFullFrame(start, end);
    return this.#target.channel.forward(buffer, start, end);
  }

  ok(ok: OkPacket): boolean {
    return this.packet(encodeOk({ ...ok, changes: ok.changes ?? this.#changes() }, this.capabilities));
  }

  error(error: ServerErrorText): boolean {
    return this.packet(encodeError(error));
  }

  progress(report: ProgressReport): void {
    if (!this.begun && hasExtendedCapability(this.capabilities, EXTENDED_CAPABILITY.progress)) {
      this.#target.channel.send(encodeProgress(report));
    }
  }

  columns(columns: readonly ColumnDefinition[], status: number): boolean {
    return this.encodedColumns(
      columns.map((column) => encodeColumn(column, this.capabilities)),
      status,
    );
  }

  encodedColumns(definitions: readonly Buffer[], status: number): boolean {
    this.packet(encodeColumnCount(definitions.length));
    return this.definitions(definitions, status);
  }

  columnFrames(buffer: Buffer, start: number, end: number, status: number): boolean {
    this.frames(buffer, start, end);
    return this.#endOfDefinitions(status);
  }

  definitions(definitions: readonly Buffer[], status: number): boolean {
    for (const definition of definitions) this.packet(definition);
    return definitions.length === 0 ? !this.congested : this.#endOfDefinitions(status);
  }

  #endOfDefinitions(status: number): boolean {
    if (!hasCapability(this.capabilities, CAPABILITY.deprecateEof)) {
      this.packet(encodeEof({ status, warnings: 0 }));
    }
    return !this.congested;
  }

  endOfRows(status: number, warnings: number): boolean {
    const changes = hasCapability(this.capabilities, CAPABILITY.deprecateEof) ? this.#changes() : null;
    return this.packet(encodeEndOfRows({ status, warnings, changes }, this.capabilities));
  }

  textResult(
    columns: readonly ColumnDefinition[],
    rows: readonly (readonly (Buffer | null)[])[],
    status: number,
    warnings: number,
  ): boolean {
    this.columns(columns, status);
    for (const row of rows) this.packet(encodeTextRow(row));
    return this.endOfRows(status, warnings);
  }

  #changes(): SessionChanges | null {
    return hasCapability(this.capabilities, CAPABILITY.sessionTrack) ? this.#target.takeChanges() : null;
  }

  async drained(signal: AbortSignal): Promise<void> {
    const { channel, clock, writeTimeoutMilliseconds, tooSlow } = this.#target;
    let unsent = channel.unsent;
    const check = (): void => {
      if (channel.unsent >= unsent) {
        tooSlow();
        return;
      }
      unsent = channel.unsent;
      timer = clock.setTimer(writeTimeoutMilliseconds, check);
    };
    let timer = clock.setTimer(writeTimeoutMilliseconds, check);
    try {
      await channel.drained(signal);
    } finally {
      timer.cancel();
    }
  }

  async *localFile(signal: AbortSignal): AsyncIterable<Buffer> {
    for (;;) {
      const payload = await this.#target.packets.next(signal);
      if (payload.length === 0) return;
      yield payload;
    }
  }
}
