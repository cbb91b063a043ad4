import type { V1Pod, V1Secret } from '@kubernetes/client-node';
import type { EventReason, ShardedCluster, ShardMapSpec } from '../../api/v1alpha1/index.ts';
import type { Writer, Written } from './apply.ts';
import { applyObjects, deleteObjects, superfluousObjects, writeShardMap } from './apply.ts';
import type { ApiError } from '../../runtime/client/api-error.ts';
import type { ensureCertificates } from './ensure-certificates.ts';
import { findConflicts, findExisting, formerObject, shardMapConflict } from './conflicts.ts';
import type { Finding } from './finding.ts';
import { maintainPods } from './maintenance/maintain.ts';
import type { Observed } from './observe.ts';
import { shardMapOwnership } from './ownership.ts';
import type { Plan, PlanInput } from './plan.ts';
import { planCluster } from './plan.ts';
import { authorityConfigMap } from './resources/authority-config-map.ts';
import type { DesiredObject } from './resources/desired-object.ts';
import { Refusals } from './refusals.ts';
import { removeShards } from './remove-shards.ts';
import type { RoleLabeller } from './role-labeller.ts';
import { labelVolumes } from './volume-labels.ts';
import type { Situation } from './status/situation.ts';

/** What came of an attempt to bring a cluster about. */
export interface Outcome {
  readonly situation: Situation;
  /** The map as it now is; `undefined` when there is none that can be relied on. */
  readonly shardMap: ShardMapSpec | undefined;
  /** When certificates are due, in milliseconds since the epoch; `undefined` when they were not looked at. */
  readonly certificatesDueAt?: number;
  /** Pods as they are after their labels were corrected. */
  readonly relabelled?: readonly V1Pod[];
  /** Why part of the attempt has to be repeated. */
  readonly failure?: ApiError;
}

/** What an attempt works with, beside the plan's input. */
export interface Attempt extends PlanInput {
  readonly writer: Writer;
  readonly onWritten: (written: Written) => void;
  /** Records an event about the cluster. */
  readonly tell: (reason: EventReason, action: string, note: string) => void;
  readonly labeller: RoleLabeller;
  readonly ensureCertificates: typeof ensureCertificates;
  /** A Secret of the cluster's namespace; `undefined` only when the API server itself said that there is none. */
  readonly readSecret: (name: string) => Promise<V1Secret | undefined>;
}

/** Longest note the API server takes with an event. */
const NOTE_CHARACTERS = 1000;

/**
 * Writes what a cluster lacks, in this order: what pods need, the map of primaries, then shard by shard. What a
 * finding blocks is left untouched. Labels of pods follow the map in any case, whatever the API server refuses: they
 * lead the traffic.
 */
export async function bringAbout(attempt: Attempt, signal: AbortSignal): Promise<Outcome> {
  const { cluster, observed } = attempt;
  const former = formerObject(cluster, observed);
  if (former !== undefined) {
    const name = `${former.type.kind} ${former.object.metadata?.name ?? ''}`;
    const message = `The ${name} of a deleted ShardedCluster of the same name is still being removed.`;
    return { situation: { kind: 'formerRemaining', message }, shardMap: undefined };
  }
  const conflict = shardMapConflict(cluster, observed);
  if (conflict !== undefined) {
    return { situation: { kind: 'applied', findings: [conflict] }, shardMap: undefined };
  }
  const plan = planCluster(attempt);
  if (plan.kind === 'refuse') {
    const shardMap = observed.shardMap?.spec;
    return finish(attempt, { findings: [plan.finding], shardMap }, new Refusals(), signal);
  }
  return carryOut(attempt, plan, signal);
}

async function carryOut(
  attempt: Attempt,
  plan: Extract<Plan, { kind: 'proceed' }>,
  signal: AbortSignal,
): Promise<Outcome> {
  const { cluster, observed, writer, onWritten } = attempt;
  const desired = [...plan.clusterObjects, ...plan.shardObjects];
  const existing = await findExisting(writer.client, desired, observed, signal);
  const conflicts = findConflicts(cluster, desired, existing);
  const free = (object: DesiredObject): boolean => !isBlocked(object.scope, conflicts);
  const refusals = new Refusals();

  await applyObjects(writer, plan.clusterObjects.filter(free), existing, refusals, onWritten, signal);
  const written = isBlocked('cluster', conflicts)
    ? undefined
    : await refusals.attempt(`ShardMap ${cluster.metadata.name}`, () =>
        writeShardMap(writer, cluster, plan.shardMap.spec, observed.shardMap, onWritten, signal),
      );
  if (written !== undefined) {
    tellRebuilt(attempt, plan.shardMap.rebuilt);
    tellNewKeyspaces(attempt, written.spec);
  }
  let certificatesDueAt: number | undefined;
  // Nothing that rests on the map is written unless the map is.
  if (written !== undefined) {
    const certificates = await refusals.attempt('the certificates', () =>
      attempt.ensureCertificates(
        {
          ...attempt,
          client: writer.client,
          shards: written.spec.shards.map(({ number }) => number),
          now: attempt.nowSeconds * 1000,
          onWritten: (name, how) => onWritten({ kind: 'Secret', name, how, scope: 'cluster' }),
        },
        signal,
      ),
    );
    if (certificates !== undefined) {
      certificatesDueAt = certificates.dueAt;
      const authority = [authorityConfigMap(cluster, certificates.authorities)];
      const existingAuthority = await findExisting(writer.client, authority, observed, signal);
      conflicts.push(...findConflicts(cluster, authority, existingAuthority));
      desired.push(...authority);
      await applyObjects(writer, authority.filter(free), existingAuthority, refusals, onWritten, signal);
    }
    await applyObjects(writer, plan.shardObjects.filter(free), existing, refusals, onWritten, signal);
    if (certificates !== undefined) {
      const superfluous = superfluousObjects(cluster, observed, desired);
      await deleteObjects(writer, superfluous, refusals, onWritten, signal);
      await removeShards({ client: writer.client, cluster, observed, refusals, onWritten }, signal);
    }
  }
  const shardMap = written?.spec ?? observed.shardMap?.spec;
  const findings = [...conflicts, ...plan.findings];
  if (written !== undefined && conflicts.length === 0) {
    await maintainPods({ ...attempt, client: writer.client, map: written.spec, refusals }, signal);
  }
  const outcome = await finish(attempt, { findings, shardMap }, refusals, signal);
  return { ...outcome, ...(certificatesDueAt === undefined ? {} : { certificatesDueAt }) };
}

/** Tells that a lost map was made again, and from what. */
function tellRebuilt({ cluster, tell }: Attempt, note: string | undefined): void {
  if (note !== undefined) {
    const text = `The ShardMap ${cluster.metadata.name} was gone, and was made again. ${note}`;
    tell('ShardMapRebuilt', 'Repair', text.slice(0, NOTE_CHARACTERS));
  }
}

/** Tells where the slots of keyspaces are that were not in the map before. */
function tellNewKeyspaces({ observed, tell }: Attempt, { shards, keyspaces = [] }: ShardMapSpec): void {
  const known = new Set(observed.shardMap?.spec.keyspaces?.map(({ name }) => name));
  for (const { name, slotsByShard } of keyspaces.filter((keyspace) => !known.has(keyspace.name))) {
    const nameOfShard = (number: number) => shards.find((shard) => shard.number === number)?.name ?? '';
    const where = slotsByShard.map(({ shard, slots }) => `${slots} on ${nameOfShard(shard)}`).join('; ');
    tell('KeyspaceCreated', 'Place', `Keyspace ${name}: slots ${where}.`.slice(0, NOTE_CHARACTERS));
  }
}

/** Corrects the labels of pods, and sums up. */
async function finish(
  { cluster, observed, writer, labeller }: Attempt,
  { findings, shardMap }: Pick<Outcome, 'shardMap'> & { readonly findings: readonly Finding[] },
  refusals: Refusals,
  signal: AbortSignal,
): Promise<Outcome> {
  const relabelled: V1Pod[] = [];
  if (shardMap !== undefined) {
    for (const { number } of shardMap.shards) {
      const ofShard = await refusals.attempt(`pods of shard ${number}`, async () =>
        labeller.label(cluster.metadata, number, shardMap, signal),
      );
      relabelled.push(...(ofShard ?? []));
    }
    await labelVolumes(writer.client, cluster.metadata, shardMap, observed, signal);
  }
  const failure = refusals.worst();
  if (failure === undefined) {
    return { situation: { kind: 'applied', findings }, shardMap, relabelled };
  }
  const situation: Situation = { kind: 'failed', message: failure.message, findings };
  return { situation, shardMap, relabelled, failure };
}

/** A conflict over an object of the whole cluster blocks everything. */
function isBlocked(scope: DesiredObject['scope'], conflicts: readonly Finding[]): boolean {
  return conflicts.some(({ blocks }) => blocks === 'cluster' || blocks === scope);
}

/** The map as observed, where nothing is to be changed. */
export function reliableShardMap(cluster: ShardedCluster, { shardMap }: Observed): ShardMapSpec | undefined {
  return shardMap === undefined || shardMapOwnership(shardMap, cluster) === 'foreign'
    ? undefined
    : shardMap.spec;
}
