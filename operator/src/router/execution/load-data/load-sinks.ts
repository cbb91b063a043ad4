import type { LocalFile } from '../../backend/result-sink.ts';
import type { ClientAnswer } from '../../client/client-answer.ts';
import { CollectingSink } from '../collecting-sink.ts';
import type { KnownKeyspaces } from '../client-columns.ts';
import { type AnswerEnd, RelaySink } from '../relay-sink.ts';
import { type ClientFile, encodeFileRequest } from './client-file.ts';

/** Gives a server that asks for the file these bytes. */
export class BatchSink extends CollectingSink {
  readonly #file: LocalFile;

  constructor(bytes: Buffer) {
    super();
    this.#file = onePiece(bytes);
  }

  override localFile(): LocalFile {
    return this.#file;
  }
}

async function* onePiece(bytes: Buffer): LocalFile {
  yield bytes;
}

/** Hands the client's file on, which is asked for when the server asks. */
export class FileRelaySink extends RelaySink {
  readonly #file: ClientFile;

  constructor(
    answer: ClientAnswer,
    end: () => AnswerEnd,
    keyspaces: KnownKeyspaces,
    signal: AbortSignal,
    file: ClientFile,
  ) {
    super(answer, end, keyspaces, signal);
    this.#file = file;
  }

  override localFile(name: Buffer): LocalFile {
    this.hasBegun = true;
    this.#file.ask(encodeFileRequest(name));
    return this.#file.pieces();
  }
}
