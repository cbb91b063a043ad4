import type { ClientAnswer } from '../../client/client-answer.ts';
import { LOCAL_FILE_HEADER } from '../../../wire/ok-packet.ts';

/**
 * The file of a client, which sends all of it once it was asked for. Whatever becomes of the statement, `drain` must be awaited
 * before anything else is written: else the rest of the file would be read as commands.
 */
export class ClientFile {
  readonly #answer: ClientAnswer;
  readonly #signal: AbortSignal;
  #iterator: AsyncIterator<Buffer> | undefined;
  #ended = false;

  /** `signal`: not the command's. A statement that was killed has to read the file to its end, too. */
  constructor(answer: ClientAnswer, signal: AbortSignal) {
    this.#answer = answer;
    this.#signal = signal;
  }

  /** Asks for the file by the packet with its name. */
  ask(packet: Buffer): void {
    this.#answer.packet(packet);
    this.#iterator = this.#answer.localFile(this.#signal)[Symbol.asyncIterator]();
  }

  /** The next piece; null at the end. Rejects when the client has gone. */
  async next(): Promise<Buffer | null> {
    if (this.#iterator === undefined || this.#ended) {
      return null;
    }
    const result = await this.#iterator.next();
    if (result.done === true) {
      this.#ended = true;
      return null;
    }
    return result.value;
  }

  /** What is left of it. Whoever stops in between leaves the rest to `drain`. */
  async *pieces(): AsyncIterable<Buffer> {
    for (let piece = await this.next(); piece !== null; piece = await this.next()) {
      yield piece;
    }
  }

  /** Reads what is left and forgets it. */
  async drain(): Promise<void> {
    while ((await this.next()) !== null);
  }
}

/** The packet that asks a client for a file. */
export function encodeFileRequest(name: Buffer): Buffer {
  return Buffer.concat([Buffer.of(LOCAL_FILE_HEADER), name]);
}
