import type { Readable } from 'node:stream';
import type { Position } from './position.ts';

/** How far a clone is. */
export interface CloneProgress {
  readonly step: 'transfer' | 'prepare' | 'finish';
  /** Bytes of the stream that went through so far. */
  readonly bytes: number;
}

/** How the source of a clone may be loaded, and who watches. */
export interface CloneSourceOptions {
  /** Most bytes a second to read and send; lifted while the source's writers wait for the copy. */
  readonly bytesPerSecond?: number;
  /**
   * The copy is abandoned when the reader takes nothing for so long: near its end it holds a lock that stops
   * the source's commits.
   * @default 10000
   */
  readonly idleTimeoutMilliseconds?: number;
  /**
   * The copy is abandoned when the source yields nothing for so long. At its end it waits for commits under way,
   * and a commit that waits for a replica's acknowledgement may wait for ever: a primary without any replica left
   * can only be cloned closed and with no commit waiting.
   * @default 30000
   */
  readonly sourceTimeoutMilliseconds?: number;
  readonly onProgress?: (progress: CloneProgress) => void;
}

/** A consistent copy of a running server, as a stream. */
export interface CloneStream {
  /** Ends only when the copy is complete; is destroyed with an EngineError otherwise. */
  readonly bytes: Readable;
  /** Size of the data directory at the start: an estimate for progress bars. */
  readonly estimatedBytes: number;
}

/** Giving a copy of this member away. The server runs. */
export interface CloneSource {
  /**
   * Starts a copy. The server goes on reading and writing, but for a moment at the end. Ends with the signal,
   * with the stream's destruction, or when complete.
   */
  open(options: CloneSourceOptions, signal: AbortSignal): Promise<CloneStream>;
}

/** Becoming a copy of another member. No server runs. */
export interface CloneTarget {
  /**
   * Takes a stream into an empty volume (or one where cloning was interrupted), prepares it and puts it into
   * place in one atomic step. The stream must fail, not end, when the source did. Returns the copy's position;
   * the first boot starts from it. Interrupted at any point, `MemberFiles.inspect` says so and a further call
   * starts again. Any other state of the volume: EngineError `Refused`.
   */
  receive(
    bytes: Readable,
    options: { readonly onProgress?: (progress: CloneProgress) => void },
    signal: AbortSignal,
  ): Promise<Position>;
}
