import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientSettings, ClientStatus } from '../clients/settings.ts';
import type { RunningClients } from '../clients/start-clients.ts';
import { startClients } from '../clients/start-clients.ts';
import type { Fault } from '../faults/index.ts';
import type { History } from '../history/history.ts';
import { assembleHistory } from '../history/history.ts';
import { readHistoryFile } from '../history/history-file.ts';
import type { MeasuredKind } from '../history/operation.ts';
import { gatewayNamespace, networkNamespaceOf } from '../stage/node-network.ts';
import type { Stage } from '../stage/stage.ts';
import type { Topology } from '../stage/topology.ts';

/** The clients of a run. */
export interface RunClients {
  /** Whose gap is measured. */
  readonly kinds: readonly MeasuredKind[];
  /** Those on a node that the fault does not touch. */
  status(): ClientStatus | undefined;
  stop(): Promise<void>;
  /** Once they have stopped. */
  readHistory(): Promise<History>;
}

/**
 * Starts the clients: those that ask where the primary is on a node that the fault does not touch (beside the nodes,
 * where it touches all), and those that hold on to the first primary on its own node.
 */
export async function startRunClients(
  stage: Stage,
  fault: Fault,
  before: Topology,
  options: { readonly folder: string; readonly seed: number; readonly kinds: readonly MeasuredKind[] },
): Promise<RunClients> {
  await mkdir(options.folder, { recursive: true });
  const touched = fault.touches(before);
  const nodes = [...before.replicas, before.primary].map(({ node }) => node);
  const node = nodes.find((candidate) => !touched.includes(candidate));
  const settings: Omit<ClientSettings, 'kinds' | 'followsCluster' | 'historyPath'> = {
    kubeconfigPath: stage.kubeconfigPath,
    namespace: stage.namespace,
    cluster: stage.cluster,
    shard: stage.shard,
    ...stage.application,
    authority: stage.authority,
    serviceAddress: stage.serviceAddress,
    routerAddress: stage.routerAddress,
    pod: { name: before.primary.name, address: before.primary.address },
    seed: options.seed,
  };
  const paths = [join(options.folder, 'clients.jsonl'), join(options.folder, 'same-node.jsonl')] as const;
  const main = startClients(node === undefined ? gatewayNamespace() : await networkNamespaceOf(stage, node), {
    ...settings,
    kinds: options.kinds,
    followsCluster: true,
    historyPath: paths[0],
  });
  const sticking = startClients(await networkNamespaceOf(stage, before.primary.node), {
    ...settings,
    kinds: ['sameNode'],
    followsCluster: false,
    historyPath: paths[1],
  });
  const all: readonly RunningClients[] = [main, sticking];
  return {
    kinds: options.kinds,
    status: () => main.status(),
    async stop() {
      await Promise.all(all.map((each) => each.stop()));
    },
    async readHistory() {
      const files = await Promise.all(paths.map(readHistoryFile));
      return assembleHistory(files.flat());
    },
  };
}

/** Waits until each kind had a write acknowledged that it sent after `since`; false when that took too long. */
export async function untilAcknowledged(
  clients: RunClients,
  since: number,
  timeoutMilliseconds: number,
): Promise<boolean> {
  return until(timeoutMilliseconds, () =>
    clients.kinds.every((kind) => (clients.status()?.kinds[kind]?.lastStart ?? -1) > since),
  );
}

/** Waits until the map names a primary in a later epoch; false when that took too long. */
export async function untilPromoted(
  clients: RunClients,
  epoch: number,
  timeoutMilliseconds: number,
): Promise<boolean> {
  return until(timeoutMilliseconds, () => {
    const status = clients.status();
    return status !== undefined && status.epoch > epoch && status.primary !== null;
  });
}

async function until(timeoutMilliseconds: number, holds: () => boolean): Promise<boolean> {
  const deadline = performance.now() + timeoutMilliseconds;
  while (!holds()) {
    if (performance.now() > deadline) {
      return false;
    }
    await delay(10);
  }
  return true;
}
