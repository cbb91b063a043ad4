/**
 * The one process of the cluster that is ours: started by `cluster:up`, it starts again what ended unexpectedly,
 * keeps logs bounded and provides local volumes. The others live on without it, and it keeps nothing in memory that
 * matters: killing and starting it at any time is harmless.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { openClusterApi } from '../api/client.ts';
import { runProvisioner } from '../volumes/provisioner.ts';
import { listDaemons, ensureRunning, runningDaemon } from './daemon.ts';
import { clusterLayout, nodeLayouts } from './layout.ts';
import { boundLogs } from './logs.ts';
import { maximumNodes } from './network-plan.ts';

const checkMilliseconds = 1000;
const logCheckMilliseconds = 10_000;
/** A program that ends at once again and again is started at most this often. */
const restartPauseMilliseconds = 3000;

const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort());
process.on('SIGINT', () => stopping.abort());

const log = (message: string): void => console.log(`${new Date().toISOString()} ${message}`);
const volumesFolders = new Map(nodeLayouts(maximumNodes).map((node) => [node.name, node.volumesFolder]));

await Promise.all([
  restartEnded(stopping.signal),
  repeat(logCheckMilliseconds, async () => boundLogs(clusterLayout.logsFolder), stopping.signal),
  runProvisioner(
    {
      api: openClusterApi(join(clusterLayout.credentialsFolder, 'admin.kubeconfig')),
      folderOf: (node) => volumesFolders.get(node),
      log,
    },
    stopping.signal,
  ),
]);
// Idle connections to the API server must not hold us.
process.exit(0);

async function restartEnded(signal: AbortSignal): Promise<void> {
  const startedAt = new Map<string, number>();
  const check = async (): Promise<void> => {
    for (const daemon of await listDaemons()) {
      const started = startedAt.get(daemon.name) ?? Number.NEGATIVE_INFINITY;
      const rested = performance.now() - started > restartPauseMilliseconds;
      if (
        daemon.wanted &&
        daemon.restart === 'always' &&
        rested &&
        (await runningDaemon(daemon.name)) === undefined
      ) {
        log(`starting ${daemon.name} again`);
        startedAt.set(daemon.name, performance.now());
        await ensureRunning(daemon.name);
      }
    }
  };
  await repeat(checkMilliseconds, check, signal);
}

async function repeat(milliseconds: number, action: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await action();
    } catch (error) {
      log(error instanceof Error ? error.message : String(error));
    }
    await delay(milliseconds, undefined, { signal }).catch(() => undefined);
  }
}
