import { createConnection } from 'node:net';
import type { ChildProgram } from '../../cluster/control-plane/child-program.ts';
import { waitFor } from '../../cluster/machine/wait.ts';

const START_MILLISECONDS = 10_000;

/** Waits until a program takes connections on a port of the loopback address. Rejects with the end of its log when it has ended. */
export async function untilListening(name: string, port: number, program: ChildProgram): Promise<void> {
  await waitFor(
    `${name} on port ${port}`,
    async () => {
      if (program.exit() !== undefined) {
        throw new Error(program.logTail());
      }
      return (await listens(port)) ? true : undefined;
    },
    { timeoutMilliseconds: START_MILLISECONDS },
  );
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const end = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}
