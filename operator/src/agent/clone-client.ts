import { Readable } from 'node:stream';
import type { OnReadOpts } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { createPatience } from '../engines/patience.ts';
import type { PeerIdentity } from '../pki/identity.ts';
import { clientTlsOptions } from '../pki/peer-verification.ts';
import type { TlsMaterial } from '../pki/tls-material.ts';
import { abortReason } from '../runtime/abort.ts';
import { assertNever } from '../runtime/assert-never.ts';
import type { Clock } from '../runtime/clock.ts';
import { type AnswerHead, CloneAnswerReader } from './clone-answer-reader.ts';
import { CLONE_ESTIMATE_HEADER, CLONE_POD_HEADER, type CloneVerdict } from './protocol/clone.ts';
import { parseRefusal } from './protocol/commands.ts';
import { PATHS } from './protocol/paths.ts';
import { createTransferRate } from './transfer-rate.ts';

/**
 * Why there is no clone, or only half of one.
 * - `Unavailable`: the source refused (it may be busy: `cause` is a `RefusedError`), or could not be reached.
 * - `SourceFailed`: the source says that its copy failed.
 * - `Truncated`: the stream ended without the source's word that it was complete.
 * - `Stalled`: nothing came for too long.
 */
export type CloneErrorCode = 'Unavailable' | 'SourceFailed' | 'Truncated' | 'Stalled';

export class CloneError extends Error {
  readonly code: CloneErrorCode;

  constructor(code: CloneErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CloneError';
    this.code = code;
  }
}

/** How far a transfer is. */
export interface TransferProgress {
  readonly bytes: number;
  readonly estimatedBytes: number;
  /** Over the last seconds. */
  readonly bytesPerSecond: number;
}

export interface CloneRequest {
  /** Name of the pod that asks. */
  readonly pod: string;
  readonly source: {
    readonly host: string;
    readonly port: number;
    /** The name its certificate must hold. */
    readonly serverName: string;
    readonly identity: PeerIdentity;
  };
  readonly tls: TlsMaterial;
  readonly clock: Clock;
  /** At most twice a second. */
  readonly onProgress?: (progress: TransferProgress) => void;
  /** @default 60000 */
  readonly stallMilliseconds?: number;
}

/** A clone on its way. */
export interface IncomingClone {
  /** Ends only when the source has said that the copy is complete and every byte of it is here; fails otherwise. */
  readonly bytes: Readable;
  readonly estimatedBytes: number;
}

/** Enough that the network goes on while the reader works off what it has. */
const READ_AHEAD_BYTES = 1024 * 1024;
const STALL_MILLISECONDS = 60_000;
const PROGRESS_INTERVAL_MILLISECONDS = 500;

/** Asks a peer for a clone of its server. Rejects with {@link CloneError}; so does the stream. */
export async function requestClone(options: CloneRequest, signal: AbortSignal): Promise<IncomingClone> {
  signal.throwIfAborted();
  const { pod, source, clock, onProgress = () => {}, stallMilliseconds = STALL_MILLISECONDS } = options;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingClone>();
  const rate = createTransferRate(clock);
  let head: AnswerHead | undefined;
  let estimatedBytes = 0;
  let hasVerdict = false;
  let hasRoom = true;
  let reportedAt = clock.monotonic();

  const fail = (error: Error): void => {
    reject(error);
    bytes.destroy(error);
  };
  const lost = (cause?: unknown): CloneError => {
    if (head === undefined) {
      return new CloneError('Unavailable', `${source.serverName} cannot be reached`, { cause });
    }
    if (head.status !== 200) {
      const refusal = parseRefusal(answer.refusal(), head.status);
      return new CloneError('Unavailable', `${source.serverName}: ${refusal.message}`, { cause: refusal });
    }
    return new CloneError('Truncated', `the connection was lost after ${rate.bytes()} bytes`, { cause });
  };
  const report = (): void => {
    reportedAt = clock.monotonic();
    onProgress({ bytes: rate.bytes(), estimatedBytes, bytesPerSecond: rate.bytesPerSecond() });
  };
  const answer = new CloneAnswerReader({
    onHead(received) {
      head = received;
      if (head.status === 200) {
        estimatedBytes = Number(head.headers.get(CLONE_ESTIMATE_HEADER) ?? 0);
        resolve({ bytes, estimatedBytes });
      }
    },
    onBytes(frame) {
      rate.add(frame.length);
      hasRoom = bytes.push(frame);
      if (clock.monotonic() - reportedAt >= PROGRESS_INTERVAL_MILLISECONDS) {
        report();
      }
    },
    onVerdict(verdict) {
      hasVerdict = true;
      report();
      const error = judge(verdict, rate.bytes());
      if (error === null) {
        bytes.push(null);
      } else {
        fail(error);
      }
    },
  });
  const patience = createPatience(clock, stallMilliseconds, () => {
    const what = head === undefined ? 'the source does not answer' : 'no byte was taken';
    fail(new CloneError('Stalled', `${what} for ${stallMilliseconds} ms`));
  });
  const onAbort = (): void => fail(abortReason(signal));

  const socket = openConnection(options, {
    buffer: () => answer.space(),
    callback(count) {
      patience.begin();
      hasRoom = true;
      try {
        answer.taken(count);
      } catch (error) {
        fail(lost(error));
      }
      return hasRoom;
    },
  });
  const bytes = new Readable({
    highWaterMark: READ_AHEAD_BYTES,
    read: () => void socket.resume(),
    destroy(error, done) {
      signal.removeEventListener('abort', onAbort);
      patience.end();
      socket.destroy();
      done(error);
    },
  });
  // Whoever is to read it may still be busy when it fails, and sees that once it looks.
  bytes.on('error', () => {});
  socket.on('error', (cause) => fail(lost(cause)));
  socket.once('close', () => {
    if (!hasVerdict) {
      fail(lost());
    }
  });
  // The first byte may be sent only to a peer whose certificate was found good.
  socket.once('secureConnect', () => socket.write(formatRequest(source.serverName, pod)));
  signal.addEventListener('abort', onAbort, { once: true });
  patience.begin();
  return promise;
}

/** `onread` is how Node.js lets its caller say where received bytes are to be put. */
function openConnection({ source, tls }: CloneRequest, onread: OnReadOpts): TLSSocket {
  const { host, port } = source;
  const options: ConnectionOptions & { onread: OnReadOpts } = {
    host,
    port,
    ...clientTlsOptions(tls, source),
    onread,
  };
  return connect(options);
}

/** Of HTTP/1.0, since answers to that come without chunks, refusals too. */
function formatRequest(serverName: string, pod: string): string {
  const lines = [
    `GET ${PATHS.clone} HTTP/1.0`,
    `host: ${serverName}`,
    `${CLONE_POD_HEADER}: ${pod}`,
    'connection: close',
  ];
  return [...lines, '', ''].join('\r\n');
}

/** What is wrong with a body that has ended; null when nothing is. */
function judge(verdict: CloneVerdict, bytes: number): CloneError | null {
  switch (verdict.outcome) {
    case 'failed':
      return new CloneError('SourceFailed', verdict.message);
    case 'complete':
      return verdict.bytes === bytes
        ? null
        : new CloneError('Truncated', `${bytes} bytes came of ${verdict.bytes} that were sent`);
    default:
      return assertNever(verdict);
  }
}
