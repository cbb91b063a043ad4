/** What tests of the codecs share. */
import { Duplex } from 'node:stream';
import * as fc from 'fast-check';
import { BASE_CAPABILITIES, CAPABILITY, type Capabilities, removeCapabilities } from '../capabilities.ts';
import type { FrameSink } from '../frame.ts';
import { PayloadAssembler } from '../packet-queue.ts';

/** With and without what changes the form of packets. */
export const CAPABILITY_SETS: readonly (readonly [string, Capabilities])[] = [
  ['all', BASE_CAPABILITIES],
  ['EOF packets', removeCapabilities(BASE_CAPABILITIES, CAPABILITY.deprecateEof)],
  ['no session tracking', removeCapabilities(BASE_CAPABILITIES, CAPABILITY.sessionTrack)],
  ['no extended metadata', removeCapabilities(BASE_CAPABILITIES, 0, BASE_CAPABILITIES.extended)],
];

/** Text without zero characters, as names are. */
export const nameText: fc.Arbitrary<string> = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .filter((text) => !text.includes('\0'));

/** Bytes as a Buffer. */
export const bytes = (maxLength = 300): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

/** Two streams, each of which reads what was written to the other. */
export function streamPair(): [Duplex, Duplex] {
  const left: Duplex = streamTo(() => right);
  const right: Duplex = streamTo(() => left);
  return [left, right];
}

function streamTo(other: () => Duplex): Duplex {
  return new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      other().push(Buffer.from(chunk));
      done();
    },
    final(done) {
      other().push(null);
      done();
    },
  });
}

/** Keeps the payloads and the end of a channel. */
export class RecordingSink implements FrameSink {
  readonly payloads: Buffer[] = [];
  readonly sequences: number[] = [];
  settledTimes = 0;
  end: Error | null | undefined;
  readonly #assembler = new PayloadAssembler();

  frame(buffer: Buffer, start: number, end: number): void {
    this.sequences.push(buffer[start + 3] as number);
    const payload = this.#assembler.add(buffer, start, end);
    if (payload !== null) this.payloads.push(Buffer.from(payload));
  }

  settled(): void {
    this.settledTimes += 1;
  }

  closed(cause: Error | null): void {
    this.end = cause;
  }
}
