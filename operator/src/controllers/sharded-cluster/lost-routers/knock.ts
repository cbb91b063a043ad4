import { connect } from 'node:net';

/**
 * What came of trying to open a connection. `refused`: the node of the pod is there and says no, which its kubelet sees as
 * well. `silent`: nobody said anything.
 */
export type Answer = 'accepted' | 'refused' | 'silent';

/** Tries to open a connection, until `signal` aborts at the latest. Never rejects. */
export type Knock = (host: string, port: number, signal: AbortSignal) => Promise<Answer>;

/**
 * Opens a TCP connection and closes it again. It is the kernel of the node that answers: a router that is too busy to answer
 * anything is not silent, and is left to the probes of its kubelet.
 */
export const knockByTcp: Knock = (host, port, signal) =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answer: Answer): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(answer);
    };
    const onAbort = (): void => end('silent');
    socket.once('connect', () => end('accepted'));
    // Stays until the socket is gone: an error without a listener would end the process.
    socket.on('error', (error: NodeJS.ErrnoException) => end(isRefusal(error) ? 'refused' : 'silent'));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) {
      onAbort();
    }
  });

function isRefusal({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNREFUSED' || code === 'ECONNRESET';
}
