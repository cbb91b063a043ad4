import type { Socket } from 'node:net';
import { framePayload } from '../../wire/frame.ts';
import { encodeEarlyError, type ServerErrorText } from '../../wire/server-error.ts';

/** How long a client that was refused at the door may take to read why. */
const REFUSAL_MILLISECONDS = 2000;

/** Tells a client, instead of the greeting, why it is not let in, and closes its connection. */
export function refuseConnection(socket: Socket, error: ServerErrorText): void {
  const frames: Buffer[] = [];
  framePayload(encodeEarlyError(error), 0, frames);
  const close = (): void => {
    socket.destroy();
  };
  socket.on('error', close).setTimeout(REFUSAL_MILLISECONDS, close).end(Buffer.concat(frames));
  socket.resume();
}
