import type { IncomingMessage } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { type Readable, Transform } from 'node:stream';
import type { PeerIdentity } from '../pki/identity.ts';
import { clientTlsOptions } from '../pki/peer-verification.ts';
import type { TlsMaterial } from '../pki/tls-material.ts';
import { abortReason } from '../runtime/abort.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import {
  CLONE_BYTES_TRAILER,
  CLONE_ERROR_TRAILER,
  CLONE_ESTIMATE_HEADER,
  CLONE_OUTCOME_TRAILER,
  CLONE_POD_HEADER,
} from './protocol/clone.ts';
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

/** TLS hands out 16 KiB at a time; a program that is fed so small pieces spends more on waking than on work. */
const GATHERED_BYTES = 256 * 1024;
const STALL_MILLISECONDS = 60_000;
const PROGRESS_INTERVAL_MILLISECONDS = 500;

/** Asks a peer for a clone of its server. Rejects with {@link CloneError}; so does the stream. */
export async function requestClone(options: CloneRequest, signal: AbortSignal): Promise<IncomingClone> {
  const { pod, source, tls, stallMilliseconds = STALL_MILLISECONDS } = options;
  signal.throwIfAborted();
  const response = await sendRequest(
    {
      host: source.host,
      port: source.port,
      path: PATHS.clone,
      agent: false,
      headers: { [CLONE_POD_HEADER]: pod },
      timeout: stallMilliseconds,
      ...clientTlsOptions(tls, source),
    },
    signal,
  );
  if (response.statusCode !== 200) {
    const cause = parseRefusal(await readText(response), response.statusCode ?? 0);
    throw new CloneError('Unavailable', `${source.serverName}: ${cause.message}`, { cause });
  }
  const estimatedBytes = Number(response.headers[CLONE_ESTIMATE_HEADER] ?? 0);
  return { bytes: verifiedBytes(response, estimatedBytes, options, signal), estimatedBytes };
}

async function sendRequest(options: RequestOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request(options);
  const onAbort = (): void => void outgoing.destroy(abortReason(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  outgoing.on('error', reject);
  outgoing.on('timeout', () => outgoing.destroy(new CloneError('Stalled', 'the source does not answer')));
  outgoing.on('response', resolve);
  outgoing.end();
  try {
    const response = await promise;
    // From here on whoever reads the body watches it.
    outgoing.setTimeout(0);
    return response;
  } catch (cause) {
    signal.throwIfAborted();
    throw cause instanceof CloneError
      ? cause
      : new CloneError('Unavailable', `${options.servername} cannot be reached`, { cause });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The body, as a stream that fails unless the trailers vouch for all of it. */
function verifiedBytes(
  response: IncomingMessage,
  estimatedBytes: number,
  options: CloneRequest,
  signal: AbortSignal,
): Readable {
  const { clock, onProgress = () => {}, stallMilliseconds = STALL_MILLISECONDS } = options;
  const rate = createTransferRate(clock);
  let reportedAt = -Infinity;
  let takenAt = clock.monotonic();
  let timer: Timer | undefined;
  const watch = (milliseconds: number): void => {
    timer = clock.setTimer(milliseconds, () => {
      const left = takenAt + stallMilliseconds - clock.monotonic();
      if (left > 0) {
        watch(left);
      } else {
        verified.destroy(new CloneError('Stalled', `no byte was taken for ${stallMilliseconds} ms`));
      }
    });
  };
  const report = (): void => {
    reportedAt = clock.monotonic();
    onProgress({ bytes: rate.bytes(), estimatedBytes, bytesPerSecond: rate.bytesPerSecond() });
  };
  let gathered: Buffer[] = [];
  let gatheredBytes = 0;
  const takeGathered = (): Buffer => {
    const whole = Buffer.concat(gathered, gatheredBytes);
    gathered = [];
    gatheredBytes = 0;
    return whole;
  };
  const verified = new Transform({
    readableHighWaterMark: 4 * GATHERED_BYTES,
    transform(chunk: Buffer, _encoding, done) {
      takenAt = clock.monotonic();
      rate.add(chunk.length);
      gathered.push(chunk);
      gatheredBytes += chunk.length;
      if (gatheredBytes < GATHERED_BYTES) {
        done();
        return;
      }
      if (takenAt - reportedAt >= PROGRESS_INTERVAL_MILLISECONDS) {
        report();
      }
      done(null, takeGathered());
    },
    flush(done) {
      report();
      const error = incompleteness(response, rate.bytes());
      done(error, error === null && gatheredBytes > 0 ? takeGathered() : undefined);
    },
  });
  const onAbort = (): void => void verified.destroy(abortReason(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  response.on('error', (cause) => {
    const message = `the connection was lost after ${rate.bytes()} bytes`;
    verified.destroy(new CloneError('Truncated', message, { cause }));
  });
  // Whoever is to read it may still be busy when it fails, and sees that once it looks.
  verified.on('error', () => {});
  verified.once('close', () => {
    signal.removeEventListener('abort', onAbort);
    timer?.cancel();
    response.destroy();
  });
  watch(stallMilliseconds);
  return response.pipe(verified);
}

/** What is wrong with a body that has ended; null when nothing is. */
function incompleteness({ trailers, complete }: IncomingMessage, bytes: number): CloneError | null {
  const outcome = trailers[CLONE_OUTCOME_TRAILER];
  if (outcome === 'failed') {
    return new CloneError('SourceFailed', decodeText(trailers[CLONE_ERROR_TRAILER] ?? 'no reason given'));
  }
  if (!complete || outcome !== 'complete' || trailers[CLONE_BYTES_TRAILER] !== String(bytes)) {
    return new CloneError('Truncated', `the source does not vouch for the ${bytes} bytes that came`);
  }
  return null;
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** As much of an answer as a refusal has. */
async function readText(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    text += chunk.toString('utf8');
    if (text.length > 10_000) {
      break;
    }
  }
  return text;
}
