/** Passes TCP on and does nothing else, on as many processes as a router has workers: what no router in Node.js can undercut. */
import cluster from 'node:cluster';
import { connect, createServer, type NetConnectOpts } from 'node:net';

/** One port of the loopback address, and the server behind it. */
export interface PipePort {
  readonly port: number;
  readonly server: { readonly path: string } | { readonly port: number };
}

/** Processes that serve: one for each processor, as the router of the benchmark has. */
const WORKERS = 2;

const ports = JSON.parse(process.argv[2] ?? '[]') as PipePort[];

if (cluster.isPrimary) {
  for (let worker = 0; worker < WORKERS; worker += 1) {
    cluster.fork();
  }
} else {
  for (const { port, server } of ports) {
    serve(port, server);
  }
}

function serve(port: number, target: NetConnectOpts): void {
  createServer({ noDelay: true }, (client) => {
    const server = connect({ ...target, noDelay: true });
    client.pipe(server).pipe(client);
    // `pipe` hands an end on, and no error.
    const end = (): void => {
      client.destroy();
      server.destroy();
    };
    client.once('error', end).once('close', end);
    server.once('error', end).once('close', end);
  }).listen(port, '127.0.0.1');
}
