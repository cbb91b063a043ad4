import { agentKilled } from './agent-killed.ts';
import { allNodesKilled } from './all-nodes-killed.ts';
import { candidateKilled } from './candidate-killed.ts';
import { clockShifted } from './clock-shifted.ts';
import type { Fault } from './fault.ts';
import { flapping } from './flapping.ts';
import { lastAckerKilled } from './last-acker-killed.ts';
import { lastAckerStopped } from './last-acker-stopped.ts';
import { launcherKilled } from './launcher-killed.ts';
import { leaderAndPrimaryKilled } from './leader-and-primary-killed.ts';
import { nodeIsolated } from './node-isolated.ts';
import { nodeKilled } from './node-killed.ts';
import { oneWayPartition } from './one-way-partition.ts';
import { operatorKilled } from './operator-killed.ts';
import { operatorsCutOff } from './operators-cut-off.ts';
import { podDeleted } from './pod-deleted.ts';
import { podDeletedForced } from './pod-deleted-forced.ts';
import { podFrozen } from './pod-frozen.ts';
import { primaryDiskFull } from './primary-disk-full.ts';
import { processorsBusy } from './processors-busy.ts';
import { replicaDiskFull } from './replica-disk-full.ts';
import { replicaKilled } from './replica-killed.ts';
import { replicasLagging } from './replicas-lagging.ts';
import { replicasNotReady } from './replicas-not-ready.ts';
import { replicationCut } from './replication-cut.ts';
import { routerKilled } from './router-killed.ts';
import { serverKilled } from './server-killed.ts';
import { serverKilledDelayed } from './server-killed-delayed.ts';
import { serverStopped } from './server-stopped.ts';
import { shardKilled } from './shard-killed.ts';
import { switchover } from './switchover.ts';

export type { Fault } from './fault.ts';

/** Every fault, in the order of the documentation. */
export const FAULTS: readonly Fault[] = [
  serverKilled,
  serverStopped,
  nodeKilled,
  nodeIsolated,
  switchover,
  podDeleted,
  podDeletedForced,
  podFrozen,
  launcherKilled,
  agentKilled,
  replicaKilled,
  replicationCut,
  oneWayPartition,
  operatorsCutOff,
  operatorKilled,
  leaderAndPrimaryKilled,
  routerKilled,
  candidateKilled,
  lastAckerStopped,
  lastAckerKilled,
  replicasLagging,
  replicasNotReady,
  flapping,
  shardKilled,
  allNodesKilled,
  serverKilledDelayed,
  processorsBusy,
  primaryDiskFull,
  replicaDiskFull,
  clockShifted,
];

/** The fault of that name. @throws TypeError naming those there are */
export function findFault(name: string): Fault {
  const found = FAULTS.find((fault) => fault.name === name);
  if (found === undefined) {
    throw new TypeError(
      `there is no fault '${name}'; there are ${FAULTS.map((fault) => fault.name).join(', ')}`,
    );
  }
  return found;
}
