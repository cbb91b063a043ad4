/** A process of clients: settings come by standard input, and its end means stop. See `start-clients.ts`. */
import { createInterface } from 'node:readline';
import { connect } from '../../../operator/src/runtime/client/connect.ts';
import { seededRandom } from '../../sharded-cluster/random.ts';
import { createHistoryFile } from '../history/history-file.ts';
import type { ClientKind, Operation } from '../history/operation.ts';
import { isWrite } from '../history/operation.ts';
import { fixedAddress } from './address-source.ts';
import type { AddressSource } from './address-source.ts';
import { watchMember } from './member-watch.ts';
import type { Session } from './session.ts';
import { openSession } from './session.ts';
import type { ClientSettings, ClientStatus, KindStatus } from './settings.ts';
import { LIMITS } from './settings.ts';
import { watchShardMap } from './shard-map-watch.ts';
import { runWorker } from './worker.ts';
import type { Workload } from './worker.ts';
import { appending, banking, readingLatest, readingRegisters, usingRegisters } from './workloads.ts';

const STATUS_MILLISECONDS = 40;
const MEMBER_LIMIT_MILLISECONDS = 1000;

const lines = createInterface({ input: process.stdin });
const stop = new AbortController();
lines.on('close', () => stop.abort());
const settings = JSON.parse(
  await new Promise<string>((resolve) => lines.once('line', resolve)),
) as ClientSettings;
await runClients(settings, stop.signal);

async function runClients(settings: ClientSettings, signal: AbortSignal): Promise<void> {
  const { namespace, cluster, shard, kubeconfigPath, user, password, authority } = settings;
  const file = createHistoryFile(settings.historyPath);
  const connection = await connect({ kubeconfigPath, userAgent: 'shardwright-chaos' });
  const key = { namespace, cluster, shard };
  const record = settings.watchesMembers
    ? (change: Parameters<Parameters<typeof watchShardMap>[2]>[0]) => file.write({ type: 'map', change })
    : () => undefined;
  const map = watchShardMap(connection.client, key, record, signal);
  const kinds: Partial<Record<ClientKind, KindStatus>> = {};

  const sources: Readonly<Record<ClientKind, AddressSource>> = {
    shardMap: map,
    primaryService: fixedAddress(settings.serviceAddress),
    sameNode: fixedAddress(settings.pod.address, settings.pod.name),
  };
  const credentials = { user, password, authority };
  const note = (operation: Operation): void => {
    file.write({ type: 'operation', operation });
    if (operation.kind === 'append' && isWrite(operation) && operation.outcome === 'ok') {
      const before = kinds[operation.via];
      kinds[operation.via] = {
        acknowledged: (before?.acknowledged ?? 0) + 1,
        lastStart: Math.max(before?.lastStart ?? 0, operation.start),
      };
    }
  };
  const running = settings.kinds.flatMap((via) =>
    workloads(via, settings.seed).map((workload) =>
      runWorker(
        workload,
        {
          via,
          source: sources[via],
          record: note,
          connect: (host, abandon) =>
            openSession({
              ...credentials,
              host,
              connectMilliseconds: LIMITS[via].connect,
              statementMilliseconds: LIMITS[via].statement,
              ...(abandon !== undefined && { abandon }),
            }),
        },
        signal,
      ),
    ),
  );
  if (settings.watchesMembers) {
    const reach = (host: string): Promise<Session> =>
      openSession({
        ...credentials,
        host,
        connectMilliseconds: MEMBER_LIMIT_MILLISECONDS,
        statementMilliseconds: MEMBER_LIMIT_MILLISECONDS,
      });
    for (const ordinal of [0, 1, 2]) {
      const member = `${cluster}-shard-${shard}-${ordinal}`;
      const write = (sample: Parameters<Parameters<typeof watchMember>[3]>[0]): void =>
        file.write({ type: 'sample', sample });
      running.push(watchMember(member, () => map.podAddresses().get(member), reach, write, signal));
    }
  }
  const timer = setInterval(() => {
    const status: ClientStatus = { kinds, epoch: map.latest.epoch, primary: map.latest.primary };
    process.stdout.write(`${JSON.stringify(status)}\n`);
  }, STATUS_MILLISECONDS);
  await Promise.all(running);
  clearInterval(timer);
  await connection.close();
  await file.close();
}

/** The clients of each kind. Their paces leave a small machine's processors to the databases. */
function workloads(via: ClientKind, seed: number): Workload[] {
  const first = { shardMap: 1, primaryService: 11, sameNode: 21 }[via];
  const identity = (name: string, place: number, pauseMilliseconds: number) => ({
    process: `${via}-${name}`,
    number: first + place,
    pauseMilliseconds,
    random: seededRandom(seed * 100 + first + place),
  });
  const writer = identity('append', 0, 3);
  switch (via) {
    case 'shardMap':
      return [
        appending(writer),
        usingRegisters(identity('registers-1', 1, 25)),
        usingRegisters(identity('registers-2', 2, 25)),
        banking(identity('bank', 3, 50)),
        readingLatest(identity('latest', 4, 50), writer),
      ];
    case 'primaryService':
      return [
        appending(writer),
        usingRegisters(identity('registers-1', 1, 50)),
        banking(identity('bank', 3, 100)),
        readingLatest(identity('latest', 4, 100), writer),
      ];
    case 'sameNode':
      return [
        appending({ ...writer, pauseMilliseconds: 50 }),
        readingRegisters(identity('registers-1', 1, 50)),
      ];
    default:
      return via satisfies never;
  }
}
