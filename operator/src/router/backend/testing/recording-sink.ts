import { FRAME_HEADER, readFrameLength } from '../../../wire/frame.ts';
import type { ServerError } from '../backend-error.ts';
import type { LocalFile, ResultSink } from '../result-sink.ts';

/** Remembers all that it is given, in order. */
export class RecordingSink implements ResultSink {
  readonly events: string[] = [];
  /** Payload of each row's frame. */
  readonly rowPayloads: Buffer[] = [];
  /** Definitions of the columns of all results. */
  readonly definitions: Buffer[] = [];
  readonly files: Buffer[] = [];
  /** Rows after which there is no room; none by default. */
  room = Infinity;
  file: LocalFile | null = null;
  drain: (() => void) | undefined;

  columns(definitions: readonly Buffer[]): void {
    this.definitions.push(...definitions.map((definition) => Buffer.from(definition)));
    this.events.push(`columns ${definitions.length}`);
  }

  rows(buffer: Buffer, start: number, end: number): boolean {
    let count = 0;
    for (let at = start; at < end; count += 1) {
      const next = at + FRAME_HEADER + readFrameLength(buffer, at);
      this.rowPayloads.push(Buffer.from(buffer.subarray(at + FRAME_HEADER, next)));
      at = next;
    }
    this.events.push(`rows ${count}`);
    return this.rowPayloads.length < this.room;
  }

  onDrain(callback: () => void): void {
    this.drain = callback;
  }

  end(): void {
    this.events.push('end');
  }

  ok(): void {
    this.events.push('ok');
  }

  error({ errno }: ServerError): void {
    this.events.push(`error ${errno}`);
  }

  localFile(name: Buffer): LocalFile | null {
    this.events.push(`file ${name.toString()}`);
    return this.file;
  }
}
