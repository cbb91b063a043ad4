import { connect, type Socket } from 'node:net';
import type { BootRole } from '../engines/boot.ts';
import { createLineSplitter } from '../launcher/line-splitter.ts';
import {
  formatLine,
  LAUNCHER_PROTOCOL_VERSION,
  type LauncherMessage,
  type LauncherRefusal,
  type LauncherRequest,
  type LauncherStatus,
  MESSAGE_LIMIT_BYTES,
  type ServerExit,
  type StartRequest,
} from '../launcher/protocol.ts';
import { abortReason, withScope } from '../runtime/abort.ts';
import { assertNever } from '../runtime/assert-never.ts';
import { createBackoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';

/**
 * - `Refused`: the launcher did not do it; `refusal` says why.
 * - `Detached`: no connection, or it was lost: whether the request took effect is unknown.
 * - `Timeout`: no answer in time: likewise.
 */
export class LauncherError extends Error {
  readonly code: 'Refused' | 'Detached' | 'Timeout';
  readonly refusal: LauncherRefusal | undefined;

  constructor(code: LauncherError['code'], message: string, refusal?: LauncherRefusal) {
    super(message);
    this.name = 'LauncherError';
    this.code = code;
    this.refusal = refusal;
  }
}

/** What the launcher told. */
export type LauncherEvent =
  | { readonly kind: 'attached'; readonly status: LauncherStatus }
  | { readonly kind: 'detached' }
  /** Proof of the server's death. */
  | { readonly kind: 'exited'; readonly exit: ServerExit }
  /** The container is being stopped: `release()` within so many milliseconds, or the server is killed unasked. */
  | { readonly kind: 'terminating'; readonly graceMilliseconds: number };

/** The agent's end of the launcher's socket. */
export interface LauncherClient {
  /** What the launcher last told; undefined while not attached. */
  status(): LauncherStatus | undefined;
  /** Calls `handler` with every event, after `status()` reflects it; returns how to stop that. */
  onEvent(handler: (event: LauncherEvent) => void): () => void;
  /** Starts a server. Rejects with {@link LauncherError}. */
  start(request: StartRequest, signal: AbortSignal): Promise<LauncherStatus>;
  /**
   * Records that the server has changed its role while it runs: an agent that comes after this one finds it under that.
   * Rejects with {@link LauncherError}.
   */
  assign(
    assignment: { readonly pid: number; readonly epoch: number; readonly role: BootRole },
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Kills the server, and resolves once it is reaped: with its end, or with that of the last one (null for
   * none) when none ran. Rejects with {@link LauncherError} `Detached` when the launcher is lost meanwhile.
   */
  kill(signal: AbortSignal): Promise<ServerExit | null>;
  /** While terminating: the server is no longer needed. */
  release(signal: AbortSignal): Promise<void>;
  /** Attaches, and attaches again, until the signal aborts. Then resolves. */
  run(signal: AbortSignal): Promise<void>;
}

export interface LauncherClientOptions {
  readonly socketPath: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** An answer that takes longer is given up, with the connection. @default 2000 */
  readonly answerMilliseconds?: number;
  /** How often an idle connection is tried. @default 5000 */
  readonly checkMilliseconds?: number;
}

/** A request without its id. */
type Question = LauncherRequest extends infer Request
  ? Request extends LauncherRequest
    ? Omit<Request, 'id'>
    : never
  : never;

/** Two agents that take the launcher from each other would do nothing else: whoever lost waits. */
const SUPERSEDED_MILLISECONDS = 2000;

interface Connection {
  readonly socket: Socket;
  readonly pending: Map<number, PromiseWithResolvers<LauncherStatus>>;
}

export function createLauncherClient(options: LauncherClientOptions): LauncherClient {
  const { socketPath, clock, logger, random, answerMilliseconds = 2000, checkMilliseconds = 5000 } = options;
  const backoff = createBackoff({ initialMilliseconds: 20, longestMilliseconds: 1000, random });
  const handlers = new Set<(event: LauncherEvent) => void>();
  let connection: Connection | undefined;
  let status: LauncherStatus | undefined;
  let lastId = 0;
  let isSuperseded = false;

  const emit = (event: LauncherEvent): void => [...handlers].forEach((handler) => handler(event));

  const onMessage = ({ pending }: Connection, message: LauncherMessage): void => {
    switch (message.type) {
      case 'done':
        status = message.status;
        pending.get(message.id)?.resolve(message.status);
        break;
      case 'refused':
        pending.get(message.id ?? -1)?.reject(new LauncherError('Refused', message.message, message.code));
        break;
      case 'exited':
        status = status && { ...status, server: null, lastExit: message.exit };
        emit({ kind: 'exited', exit: message.exit });
        break;
      case 'terminating':
        status = status && { ...status, terminating: true };
        emit({ kind: 'terminating', graceMilliseconds: message.graceMilliseconds });
        break;
      case 'superseded':
        isSuperseded = true;
        logger.warn('another agent has attached to the launcher');
        break;
      default:
        assertNever(message);
    }
  };

  const ask = async (
    question: Question,
    to: Connection | undefined,
    signal?: AbortSignal,
  ): Promise<LauncherStatus> => {
    signal?.throwIfAborted();
    if (to === undefined) {
      throw new LauncherError('Detached', 'not attached to the launcher');
    }
    lastId += 1;
    const id = lastId;
    const answer = Promise.withResolvers<LauncherStatus>();
    const onAbort = (): void => answer.reject(signal && abortReason(signal));
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = clock.setTimer(answerMilliseconds, () => {
      answer.reject(
        new LauncherError('Timeout', `no answer to ${question.type} within ${answerMilliseconds} ms`),
      );
      to.socket.destroy();
    });
    to.pending.set(id, answer);
    to.socket.write(formatLine({ ...question, id }));
    try {
      return await answer.promise;
    } finally {
      to.pending.delete(id);
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
    }
  };

  /** One connection, from attaching to its end. Rejects with what kept it from coming about. */
  const serve = async (signal: AbortSignal): Promise<void> => {
    isSuperseded = false;
    const current: Connection = { socket: connect(socketPath), pending: new Map() };
    const { socket, pending } = current;
    const closed = Promise.withResolvers<void>();
    const lines = createLineSplitter(MESSAGE_LIMIT_BYTES);
    const end = (): void => void socket.destroy();
    socket.on('error', (error) => logger.debug('launcher connection failed', errorFields(error)));
    socket.on('close', () => {
      pending.forEach((answer) =>
        answer.reject(new LauncherError('Detached', 'the launcher’s connection was lost')),
      );
      closed.resolve();
    });
    socket.on('data', (chunk) => {
      try {
        lines.push(chunk).forEach((line) => onMessage(current, JSON.parse(line) as LauncherMessage));
      } catch (error) {
        logger.error('the launcher cannot be understood', errorFields(error));
        socket.destroy();
      }
    });
    signal.addEventListener('abort', end, { once: true });
    try {
      const attached = await ask({ type: 'attach', version: LAUNCHER_PROTOCOL_VERSION }, current);
      connection = current;
      backoff.reset();
      emit({ kind: 'attached', status: attached });
      while (!socket.destroyed) {
        await Promise.race([clock.sleep(checkMilliseconds, signal), closed.promise]);
        if (!socket.destroyed) {
          await ask({ type: 'status' }, current, signal);
        }
      }
    } finally {
      signal.removeEventListener('abort', end);
      socket.destroy();
      await closed.promise;
      if (connection === current) {
        connection = undefined;
        status = undefined;
        emit({ kind: 'detached' });
      }
    }
  };

  /** Resolves when no server runs any more, with the proof; rejects when the launcher is lost. */
  const death = async (signal: AbortSignal): Promise<ServerExit | null> => {
    const { promise, resolve, reject } = Promise.withResolvers<ServerExit | null>();
    const onAbort = (): void => reject(abortReason(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    const handler = (event: LauncherEvent): void => {
      if (event.kind === 'exited') {
        resolve(event.exit);
      } else if (event.kind === 'detached') {
        reject(new LauncherError('Detached', 'the launcher was lost while its server was being killed'));
      }
    };
    handlers.add(handler);
    try {
      const { server, lastExit } = await ask({ type: 'kill' }, connection, signal);
      return server === null ? lastExit : await promise;
    } finally {
      promise.catch(() => {});
      handlers.delete(handler);
      signal.removeEventListener('abort', onAbort);
    }
  };

  return {
    status: () => status,
    onEvent(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    start: (request, signal) => ask({ type: 'start', ...request }, connection, signal),
    async assign(assignment, signal) {
      await ask({ type: 'assign', ...assignment }, connection, signal);
    },
    kill: death,
    async release(signal) {
      await ask({ type: 'released' }, connection, signal);
    },
    async run(signal) {
      while (!signal.aborted) {
        try {
          await withScope(signal, serve);
        } catch (error) {
          logger.debug('not attached to the launcher', errorFields(error));
        }
        await clock.sleep(isSuperseded ? SUPERSEDED_MILLISECONDS : backoff.next(), signal).catch(() => {});
      }
    },
  };
}
