import { createServer } from 'node:net';

/**
 * Below the ports that systems give to connections by themselves, and to NodePort Services: a port out of those would be taken
 * by any client on the machine between its choice and its use, and while a server that has it is restarted.
 */
const FIRST_PORT = 15_000;
const PORTS = 15_000;

/** Ports that this process has chosen: their servers may not listen yet, or just now not. */
const chosen = new Set<number>();

/** TCP ports of 127.0.0.1 that nothing listens on now, and that no connection is given. All that a process asks for differ. */
export async function findFreePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if (!chosen.has(port) && (await isFree(port))) {
      chosen.add(port);
      ports.push(port);
    }
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        resolve(false);
      } else {
        reject(error);
      }
    });
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
