import { chmodSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createLineSplitter } from './line-splitter.ts';
import type { LauncherLog } from './log.ts';
import {
  formatLine,
  InvalidRequestError,
  type LauncherMessage,
  type LauncherRequest,
  MESSAGE_LIMIT_BYTES,
  parseLauncherRequest,
} from './protocol.ts';

/** A client that leaves more than this unread is cut off. */
const UNREAD_LIMIT_BYTES = 4 * MESSAGE_LIMIT_BYTES;

/** Connections beyond this are closed at once. There is one agent; the rest is slack for its reconnects. */
const MAX_CONNECTIONS = 16;

export interface ControlSocketOptions {
  /** Path of the socket; at most 100 bytes, the kernel's limit less our suffix. */
  readonly path: string;
  readonly handle: (request: LauncherRequest) => LauncherMessage | Promise<LauncherMessage>;
  readonly log: LauncherLog;
}

/** The socket the agent talks to. */
export interface ControlSocket {
  /** Sends to the attached client, if there is one. */
  notify(message: LauncherMessage): void;
  /** Sends what is still to be sent, and closes. */
  close(): void;
}

/**
 * Listens. A connection becomes the launcher's only client by its first `attach`, and whoever was that before
 * is told and closed: a restarted agent takes over from the half-open connection of its predecessor. Garbage
 * never takes over, since it cannot attach. The socket appears under its name already listening and with mode
 * 0600, in place of one that a killed launcher left.
 */
export async function openControlSocket(options: ControlSocketOptions): Promise<ControlSocket> {
  const { path, log } = options;
  const connections = new Set<Socket>();
  let attached: Socket | null = null;

  const attach = (socket: Socket): void => {
    if (attached !== null && attached !== socket) {
      send(attached, { type: 'superseded' });
      endAfterFlush(attached);
    }
    attached = socket;
    log('info', 'agent attached');
  };

  const answer = async (socket: Socket, line: string): Promise<void> => {
    const request = readRequest(line);
    if (request instanceof InvalidRequestError) {
      send(socket, { type: 'refused', id: request.id, code: request.code, message: request.message });
      return;
    }
    if (request.type !== 'attach' && socket !== attached) {
      const message = 'another connection is attached, or none';
      send(socket, { type: 'refused', id: request.id, code: 'NotAttached', message });
      return;
    }
    const result = options.handle(request);
    // No await where none is needed: the next line of the same chunk relies on what this one did.
    const message = result instanceof Promise ? await result : result;
    if (request.type === 'attach' && message.type === 'done') {
      attach(socket);
    }
    send(socket, message);
  };

  const server = createServer((socket) => {
    const lines = createLineSplitter(MESSAGE_LIMIT_BYTES);
    connections.add(socket);
    socket.on('data', (chunk: Buffer) => {
      try {
        lines.push(chunk).forEach((line) => void answer(socket, line));
      } catch (error) {
        log('warn', 'closing a connection that sent an endless line', { error: String(error) });
        socket.destroy();
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      connections.delete(socket);
      if (attached === socket) {
        attached = null;
        log('info', 'agent detached');
      }
    });
  });
  server.maxConnections = MAX_CONNECTIONS;

  const temporaryPath = `${path}.new`;
  rmSync(temporaryPath, { force: true });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(temporaryPath, resolve);
  await listening;
  chmodSync(temporaryPath, 0o600);
  renameSync(temporaryPath, path);
  server.on('error', (error) => log('error', 'control socket failed', { error: error.message }));

  return {
    notify(message) {
      if (attached !== null) {
        send(attached, message);
      }
    },
    close() {
      rmSync(path, { force: true });
      server.close();
      connections.forEach(endAfterFlush);
    },
  };
}

function readRequest(line: string): LauncherRequest | InvalidRequestError {
  try {
    return parseLauncherRequest(line);
  } catch (error) {
    return error instanceof InvalidRequestError ? error : new InvalidRequestError(null, String(error));
  }
}

function send(socket: Socket, message: LauncherMessage): void {
  if (socket.writableLength > UNREAD_LIMIT_BYTES) {
    socket.destroy();
  } else if (socket.writable) {
    socket.write(formatLine(message));
  }
}

/** Closes both directions once everything written is with the kernel; a peer that never closes holds nothing. */
function endAfterFlush(socket: Socket): void {
  socket.end(() => socket.destroy());
}
