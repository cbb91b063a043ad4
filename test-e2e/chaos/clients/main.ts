/** A process of clients: settings come by standard input, and its end means stop. See `start-clients.ts`. */
import { createInterface } from 'node:readline';
import { createHistoryFile } from '../history/history-file.ts';
import type { ClientKind, Operation } from '../history/operation.ts';
import { fixedAddress } from './address-source.ts';
import type { AddressSource } from './address-source.ts';
import { workloadsOf } from './client-kinds.ts';
import { openSession } from './session.ts';
import type { ClientSettings, ClientStatus, KindStatus } from './settings.ts';
import { LIMITS } from './settings.ts';
import { runWorker } from './worker.ts';
import type { WorkerOptions } from './worker.ts';

const STATUS_MILLISECONDS = 40;

const lines = createInterface({ input: process.stdin });
const stop = new AbortController();
lines.on('close', () => stop.abort());
const settings = JSON.parse(
  await new Promise<string>((resolve) => lines.once('line', resolve)),
) as ClientSettings;
await runClients(settings, stop.signal);

async function runClients(settings: ClientSettings, signal: AbortSignal): Promise<void> {
  const file = createHistoryFile(settings.historyPath);
  // The client of the API server takes a second to load, which those that hold on to one pod need not wait for.
  const cluster = settings.followsCluster
    ? await (await import('./follow-cluster.ts')).followCluster(settings, file, signal)
    : undefined;
  const kinds: Partial<Record<ClientKind, KindStatus>> = {};
  const note = (operation: Operation): void => {
    file.write({ type: 'operation', operation });
    if (operation.kind === 'append' && operation.outcome === 'ok') {
      const before = kinds[operation.via];
      kinds[operation.via] = {
        acknowledged: (before?.acknowledged ?? 0) + 1,
        lastStart: Math.max(before?.lastStart ?? 0, operation.start),
      };
    }
  };
  const sourceOf = (via: ClientKind): AddressSource => {
    switch (via) {
      case 'shardMap':
        return cluster?.map ?? { current: () => undefined };
      case 'primaryService':
        return fixedAddress(settings.serviceAddress);
      case 'router':
        return fixedAddress(settings.routerAddress);
      case 'sameNode':
        return fixedAddress(settings.pod.address, settings.pod.name);
      default:
        return via satisfies never;
    }
  };
  const running = settings.kinds.flatMap((via) => {
    const source = sourceOf(via);
    const connect: WorkerOptions['connect'] = (host, abandon) =>
      openSession({
        ...settings,
        host,
        connectMilliseconds: LIMITS[via].connect,
        statementMilliseconds: LIMITS[via].statement,
        ...(abandon !== undefined && { abandon }),
      });
    return workloadsOf(via, settings.seed).map((workload) =>
      runWorker(
        workload,
        {
          via,
          source,
          record: note,
          connect,
          onConnectFailure: (failure) => file.write({ type: 'connectFailure', failure }),
        },
        signal,
      ),
    );
  });
  const timer = setInterval(() => {
    const { epoch = 0, primary = null } = cluster?.map.latest ?? {};
    process.stdout.write(`${JSON.stringify({ kinds, epoch, primary } satisfies ClientStatus)}\n`);
  }, STATUS_MILLISECONDS);
  await Promise.all([...running, ...(cluster?.running ?? [])]);
  clearInterval(timer);
  await cluster?.close();
  await file.close();
}
