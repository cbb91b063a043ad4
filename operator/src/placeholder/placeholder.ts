/**
 * What runs in the `mariadb` container until the database does: it proves that the pod's volume can be written
 * by the pod's user, listens where the database will, and stops when told to.
 */
import { appendFile, readFile } from 'node:fs/promises';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { abortableWait } from '../runtime/abort.ts';
import type { Logger } from '../runtime/logger.ts';

/** File on the data volume that gets one line at every start. */
export const MARKER_FILE = 'placeholder-starts';

/** Where the placeholder works. */
export interface PlaceholderSettings {
  /** Mount point of the data volume. */
  readonly dataDirectory: string;
  /** TCP port; 0 picks a free one. */
  readonly port: number;
  /** Name of the pod, written into the marker. */
  readonly podName: string;
}

/** Reads the settings the operator puts into the container. Throws `TypeError` for what cannot be used. */
export function placeholderSettings(
  environment: Readonly<Record<string, string | undefined>>,
): PlaceholderSettings {
  const port = Number(environment['SHARDWRIGHT_PORT'] ?? 3306);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new TypeError(`SHARDWRIGHT_PORT is not a port: ${environment['SHARDWRIGHT_PORT']}`);
  }
  return {
    dataDirectory: environment['SHARDWRIGHT_DATA_DIRECTORY'] ?? '/var/lib/mysql',
    port,
    podName: environment['SHARDWRIGHT_POD_NAME'] ?? 'unknown',
  };
}

/**
 * Adds a line to the marker file, then accepts connections, tells each how often this volume has seen a start,
 * and closes it. Resolves once the signal has aborted and the port is closed; rejects when the volume cannot
 * be written or the port not be opened, so that an unusable volume is never taken for a ready database.
 */
export async function runPlaceholder(
  settings: PlaceholderSettings,
  logger: Logger,
  signal: AbortSignal,
  onListening: (port: number) => void = () => {},
): Promise<void> {
  const marker = join(settings.dataDirectory, MARKER_FILE);
  await appendFile(marker, `${settings.podName}\n`);
  const starts = (await readFile(marker, 'utf8')).split('\n').length - 1;

  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.end(`shardwright placeholder pod=${settings.podName} starts=${starts}\n`);
  });
  const port = await listen(server, settings.port);
  logger.info('holding the place of a database', { port, marker, starts });
  onListening(port);

  const stopped = abortableWait<never>(signal);
  await stopped.promise.catch(() => undefined);
  sockets.forEach((socket) => socket.destroy());
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await closed;
}

async function listen(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, () => resolve());
  await promise;
  server.off('error', reject);
  return (server.address() as AddressInfo).port;
}
