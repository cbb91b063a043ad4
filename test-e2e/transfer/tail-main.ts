/** A tail as a process of its own, so that it can be killed. Reads its order from a file, tells of itself on standard output. */
import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { systemClock } from '../../operator/src/runtime/clock.ts';
import { createServerTrust } from '../../operator/src/wire/login/server-trust.ts';
import { followSource } from '../../operator/src/engines/mariadb/transfer/follow.ts';
import type { TailOrder } from './tail-process.ts';

const order = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as TailOrder;
// A tail that has nothing left to follow keeps no process alive.
setInterval(() => {}, 60_000);
const tell = (what: string, value: unknown): void =>
  void process.stdout.write(`${JSON.stringify({ what, value, at: Date.now() })}\n`);

const tail = followSource(
  {
    socketPath: order.socketPath,
    agentPassword: order.agentPassword,
    trust: createServerTrust(() => order.authority),
    clock: systemClock,
    chooseServerId: () => randomInt(2 ** 31, 2 ** 32),
  },
  {
    databases: order.databases,
    source: order.source,
    onPosition: (moveId, position) => tell('position', [moveId, position]),
    onLag: (milliseconds) => tell('lag', milliseconds),
    onStopped: (moveId, error) => tell('stopped', [moveId, error.message]),
  },
  new AbortController().signal,
);
await tail.ended.catch((error: unknown) => {
  tell('ended', [(error as { code?: string }).code, (error as Error).message]);
});
process.exit(1);
