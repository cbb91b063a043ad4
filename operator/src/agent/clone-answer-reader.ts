import { type CloneVerdict, FRAME_LENGTH_BYTES, FRAME_LIMIT_BYTES, parseVerdict } from './protocol/clone.ts';

/** The beginning of an answer of HTTP. */
export interface AnswerHead {
  readonly status: number;
  /** By name, in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Who is told what came. */
export interface CloneAnswerHandlers {
  readonly onHead: (head: AnswerHead) => void;
  /** Bytes of the copy, in memory of their own. */
  readonly onBytes: (bytes: Buffer) => void;
  readonly onVerdict: (verdict: CloneVerdict) => void;
}

/** The answer is none of ours. */
export class MalformedAnswerError extends Error {
  readonly code = 'MalformedAnswer';
}

/** Heads and verdicts of ours are a few hundred bytes. */
const TEXT_LIMIT_BYTES = 16 * 1024;

const HEAD_END = '\r\n\r\n';

type Part = 'head' | 'refusal' | 'frameLength' | 'frame' | 'verdictLength' | 'verdict' | 'end';

/**
 * Takes the answer to a request for a clone apart. It says where the next bytes are to be put, so that every frame
 * lands in its own piece of memory without having been copied or gathered: TLS hands out 16 KiB at a time, and each of
 * them made a buffer, an event and a copy of its own otherwise.
 */
export class CloneAnswerReader {
  readonly #handlers: CloneAnswerHandlers;
  #part: Part = 'head';
  #target = Buffer.allocUnsafe(TEXT_LIMIT_BYTES);
  #filled = 0;

  constructor(handlers: CloneAnswerHandlers) {
    this.#handlers = handlers;
  }

  /** Where to put what comes next; never empty. */
  space(): Buffer {
    // One byte of the head at a time, since what follows it belongs elsewhere.
    return this.#part === 'head'
      ? this.#target.subarray(this.#filled, this.#filled + 1)
      : this.#target.subarray(this.#filled);
  }

  /** So many bytes were put there. Throws {@link MalformedAnswerError}, and must not be called again then. */
  taken(bytes: number): void {
    this.#filled += bytes;
    switch (this.#part) {
      case 'head':
        this.#takeHead();
        return;
      case 'refusal':
        this.#expectRoom();
        return;
      case 'end':
        this.#filled = 0;
        return;
      case 'frameLength':
      case 'frame':
      case 'verdictLength':
      case 'verdict':
        if (this.#filled === this.#target.length) {
          this.#takeWhole(this.#part, this.#target);
        }
        return;
    }
  }

  /** Body of an answer that is not a clone, as far as it came. */
  refusal(): string {
    return this.#part === 'refusal' ? this.#target.toString('utf8', 0, this.#filled) : '';
  }

  #takeHead(): void {
    const isWhole = this.#target
      .subarray(0, this.#filled)
      .subarray(-HEAD_END.length)
      .equals(Buffer.from(HEAD_END));
    if (!isWhole) {
      this.#expectRoom();
      return;
    }
    const head = parseHead(this.#target.toString('latin1', 0, this.#filled - HEAD_END.length));
    if (head.status === 200) {
      this.#expect('frameLength', FRAME_LENGTH_BYTES);
    } else {
      this.#expect('refusal', TEXT_LIMIT_BYTES);
    }
    this.#handlers.onHead(head);
  }

  #takeWhole(part: 'frameLength' | 'frame' | 'verdictLength' | 'verdict', whole: Buffer): void {
    switch (part) {
      case 'frameLength': {
        const length = whole.readUInt32BE();
        if (length === 0) {
          this.#expect('verdictLength', FRAME_LENGTH_BYTES);
        } else {
          this.#expect('frame', checked(length, FRAME_LIMIT_BYTES));
        }
        return;
      }
      case 'frame':
        this.#expect('frameLength', FRAME_LENGTH_BYTES);
        this.#handlers.onBytes(whole);
        return;
      case 'verdictLength':
        this.#expect('verdict', checked(whole.readUInt32BE(), TEXT_LIMIT_BYTES));
        return;
      case 'verdict':
        this.#expect('end', FRAME_LENGTH_BYTES);
        this.#handlers.onVerdict(readVerdict(whole.toString('utf8')));
        return;
    }
  }

  #expect(part: Part, length: number): void {
    this.#part = part;
    this.#filled = 0;
    this.#target = Buffer.allocUnsafeSlow(length);
  }

  #expectRoom(): void {
    if (this.#filled === this.#target.length) {
      throw new MalformedAnswerError(`more than ${TEXT_LIMIT_BYTES} bytes of text`);
    }
  }
}

function checked(length: number, limit: number): number {
  if (length === 0 || length > limit) {
    throw new MalformedAnswerError(`a length of ${length}, of at most ${limit}`);
  }
  return length;
}

function parseHead(text: string): AnswerHead {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3})( |$)/.exec(statusLine)?.[1];
  if (status === undefined) {
    throw new MalformedAnswerError('no answer of HTTP/1.1');
  }
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(status), headers: new Map(headers) };
}

function readVerdict(text: string): CloneVerdict {
  try {
    return parseVerdict(text);
  } catch (cause) {
    throw new MalformedAnswerError('no verdict', { cause });
  }
}
