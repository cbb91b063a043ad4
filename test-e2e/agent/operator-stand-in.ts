/** Keeps the ShardMap as the operator would, by what the agents tell; for tests of agents alone. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ShardMapShard } from '../../operator/src/api/v1alpha1/index.ts';
import type { AgentState } from '../../operator/src/agent/protocol/agent-state.ts';
import { mariadbEngine } from '../../operator/src/engines/mariadb/engine.ts';
import type { Position } from '../../operator/src/engines/position.ts';
import type { PlainClient } from '../specs/plain-client.ts';
import type { MemberProcesses } from './member-processes.ts';
import { CLUSTER, NAMESPACE, SHARD } from './shard-processes.ts';

const MAPS = `/apis/shardwright.io/v1alpha1/namespaces/${NAMESPACE}/shardmaps`;

const CONFLICT = 409;

interface StoredMap {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: { readonly revision: number; readonly shards: readonly [ShardMapShard] };
}

/** Records the first member as the primary of a shard that has no database yet. */
export async function createShardMap(client: PlainClient, pods: readonly string[]): Promise<void> {
  const [primary = '', ...replicas] = pods;
  const shard: ShardMapShard = {
    number: 0,
    name: SHARD,
    epoch: 1,
    primary,
    replicas,
    ackers: [],
    initialised: false,
    acknowledgement: 'OneReplica',
  };
  await send(client, 'POST', MAPS, {
    apiVersion: 'shardwright.io/v1alpha1',
    kind: 'ShardMap',
    metadata: { name: CLUSTER },
    spec: { revision: 1, shards: [shard] },
  });
}

/** The shard's entry as it is. */
export async function readShard(client: PlainClient): Promise<ShardMapShard> {
  return (await readMap(client)).spec.shards[0];
}

/**
 * One pass: marks the database as initialised once the primary has one with its accounts, records who waits to be an
 * acker, and strikes off who is to be made anew and is covered by another. Agents that do not answer change nothing.
 */
export async function keepShardMap(client: PlainClient, members: readonly MemberProcesses[]): Promise<void> {
  const states = await Promise.all(members.map((member) => member.state().catch(() => undefined)));
  const map = await readMap(client);
  const [shard] = map.spec.shards;
  const next = { ...shard, ackers: [...shard.ackers] };
  for (const state of states) {
    const pod = state?.identity.pod ?? '';
    if (pod === shard.primary && state?.member?.heartbeat.kind === 'known') {
      next.initialised = true;
    }
    if (state?.awaitingAcker === true && shard.replicas.includes(pod) && !next.ackers.includes(pod)) {
      next.ackers.push(pod);
    }
    const holds = state?.returned.leavingAckers?.holds;
    if (holds !== undefined && states.some((other) => isCovering(other, shard, pod, holds))) {
      next.ackers = next.ackers.filter((acker) => acker !== pod);
    }
  }
  if (JSON.stringify(next) !== JSON.stringify(shard)) {
    await send(client, 'PUT', `${MAPS}/${CLUSTER}`, {
      ...map,
      spec: { revision: map.spec.revision + 1, shards: [next] },
    });
  }
}

function isCovering(
  state: AgentState | undefined,
  { ackers }: ShardMapShard,
  leaving: string,
  holds: readonly Position[],
): boolean {
  const other = state?.identity.pod ?? '';
  const received = state?.member?.received;
  return (
    other !== leaving &&
    ackers.includes(other) &&
    received?.kind === 'known' &&
    holds.every((position) => mariadbEngine.positions.covers(received.value, position))
  );
}

/** Changes the shard's entry, again if somebody else has changed the map meanwhile; returns what it then is. */
export async function changeShard(
  client: PlainClient,
  change: (shard: ShardMapShard) => ShardMapShard,
): Promise<ShardMapShard> {
  for (;;) {
    const map = await readMap(client);
    const shard = change(map.spec.shards[0]);
    const body = { ...map, spec: { revision: map.spec.revision + 1, shards: [shard] } };
    const { status } = await client.send('PUT', `${MAPS}/${CLUSTER}`, body);
    if (status < 300) {
      return shard;
    }
    if (status !== CONFLICT) {
      throw new Error(`the ShardMap cannot be written: ${status}`);
    }
  }
}

/** A stand-in for the operator that runs until it is stopped. */
export interface OperatorStandIn {
  stop(): Promise<void>;
}

/** Makes a pass every so many milliseconds. An API server or agents that do not answer are asked again. */
export function startOperatorStandIn(
  client: PlainClient,
  members: readonly MemberProcesses[],
  milliseconds = 150,
): OperatorStandIn {
  const stopping = new AbortController();
  const done = (async () => {
    while (!stopping.signal.aborted) {
      await keepShardMap(client, members).catch(() => {});
      await delay(milliseconds);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

async function readMap(client: PlainClient): Promise<StoredMap> {
  return (await send(client, 'GET', `${MAPS}/${CLUSTER}`)) as StoredMap;
}

async function send(
  client: PlainClient,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: unknown,
): Promise<unknown> {
  const answer = await client.send(method, path, body);
  if (answer.status >= 300) {
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  return answer.body;
}
