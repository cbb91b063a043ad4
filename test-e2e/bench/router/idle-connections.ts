/** What connections cost that ask for nothing. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, createConnection } from 'mysql2/promise';
import type { RouterProcess } from '../../router/router-process.ts';
import { readUsage } from '../process-usage.ts';

/** Memory of a router. */
export interface IdleMemory {
  /** Of all its processes with the connections open, in MiB; pages that they share are divided among them. */
  readonly mebibytes: number;
  /** What came with each connection, in KiB. */
  readonly kibibytesEach: number;
}

const AT_ONCE = 20;
/** For the garbage of the logins, as far as it goes by itself. */
const SETTLE_MILLISECONDS = 3000;

/** Opens so many connections to a router that has served nobody yet, and closes them again. */
export async function measureIdleConnections(
  router: RouterProcess,
  login: { readonly user: string; readonly password: string; readonly database: string },
  count: number,
): Promise<IdleMemory> {
  const opened: Connection[] = [];
  try {
    const before = await memoryOf(router);
    while (opened.length < count) {
      const next = Array.from({ length: Math.min(AT_ONCE, count - opened.length) }, () =>
        createConnection({ ...login, host: '127.0.0.1', port: router.port }),
      );
      opened.push(...(await Promise.all(next)));
    }
    await delay(SETTLE_MILLISECONDS);
    const after = await memoryOf(router);
    return { mebibytes: after, kibibytesEach: ((after - before) * 1024) / count };
  } finally {
    for (const connection of opened) {
      connection.destroy();
    }
  }
}

async function memoryOf(router: RouterProcess): Promise<number> {
  const usages = await Promise.all((await router.pids()).map(readUsage));
  return usages.reduce((sum, { proportionalMebibytes }) => sum + proportionalMebibytes, 0);
}
