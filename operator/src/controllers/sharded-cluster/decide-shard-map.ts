import type { ShardMapShard, ShardMapSpec, ShardStatus } from '../../api/v1alpha1/index.ts';
import { podName, shardName } from '../../api/v1alpha1/index.ts';
import { decideKeyspaces, type KeyspacesInput } from './decide-keyspaces.ts';
import type { Finding } from './finding.ts';
import { effectiveInstances, ordinalOf } from './instances.ts';
import { sameContent } from './same-content.ts';

/** What the map of a cluster is decided from. */
export interface ShardMapInput {
  /** Name of the cluster. */
  readonly cluster: string;
  /** `spec.shards` */
  readonly shards: number;
  /** `spec.instances` */
  readonly instances: number;
  /** The map as it is; `undefined` only when the API server itself said that there is none. */
  readonly current: ShardMapSpec | undefined;
  /** `status.shards` of the cluster: what the map said when it was last seen. */
  readonly reported: readonly ShardStatus[];
  /** Shards of which a StatefulSet or a volume exists, so that data may exist. */
  readonly withData: ReadonlySet<number>;
  /** Pods that carry the role `primary`. */
  readonly labelledPrimaries: readonly string[];
  /** `spec.keyspaces` and `spec.users` */
  readonly spec: KeyspacesInput['spec'];
  /** `status.keyspaces` of the cluster: what the map said when it was last seen. */
  readonly reportedKeyspaces: KeyspacesInput['recorded'];
  /** Every pod of the cluster that exists. */
  readonly pods: ReadonlySet<string>;
  /** Wall-clock time in seconds since the epoch. */
  readonly nowSeconds: number;
}

/** What becomes of the map. */
export type ShardMapDecision =
  | {
      readonly kind: 'keep' | 'create' | 'update';
      readonly spec: ShardMapSpec;
      /** What of the keyspaces is not as the spec asks. */
      readonly findings: readonly Finding[];
    }
  | { readonly kind: 'refuse'; readonly finding: Finding };

/**
 * Adds missing shards and keyspaces to the map and keeps its lists of members complete; never changes an epoch or a
 * primary, and never moves a slot.
 *
 * A shard that is not in the map is bootstrapped, with its first pod as primary, only when nothing of it exists
 * yet. Where it was on record, its last epoch and primary are taken from the status, with every member as an
 * acker: too many can only delay a promotion, too few can lose writes. Where data may exist and no record says
 * who the primary was, the decision is a refusal: a guess could promote a replica that lacks acknowledged
 * writes.
 */
export function decideShardMap(input: ShardMapInput): ShardMapDecision {
  const shards: ShardMapShard[] = [];
  let restored = false;
  for (const number of shardNumbers(input)) {
    const known = input.current?.shards.find((shard) => shard.number === number);
    if (known !== undefined) {
      shards.push(withMembers(input, known));
      continue;
    }
    const record = recordOf(input, number);
    if (record !== undefined) {
      const refusal = contradiction(input, record);
      if (refusal !== undefined) {
        return { kind: 'refuse', finding: refusal };
      }
      shards.push(record);
      restored = true;
    } else if (input.withData.has(number)) {
      return { kind: 'refuse', finding: noRecord(input, number) };
    } else {
      shards.push(newShard(input, number));
    }
  }
  return revise(input, shards, restored);
}

/** Every shard there is or should be, from 0 on: a lower `spec.shards` takes none away. */
function shardNumbers({ cluster, shards, current, reported }: ShardMapInput): number[] {
  const mapped = current?.shards.map(({ number }) => number + 1) ?? [];
  const names = new Set(reported.map(({ name }) => name));
  let count = Math.max(shards, ...mapped);
  while (names.has(shardName(cluster, count))) {
    count += 1;
  }
  return Array.from({ length: count }, (_, number) => number);
}

function newShard({ cluster, instances }: ShardMapInput, number: number): ShardMapShard {
  const members = Array.from({ length: instances }, (_, ordinal) => podName(cluster, number, ordinal));
  const [primary = podName(cluster, number, 0), ...replicas] = members;
  return {
    number,
    name: shardName(cluster, number),
    epoch: 1,
    primary,
    replicas,
    ackers: [],
    initialised: false,
    acknowledgement: acknowledgementAmong(replicas),
  };
}

/** The shard as the status remembers it; `undefined` when the status does not know its epoch. */
function recordOf(input: ShardMapInput, number: number): ShardMapShard | undefined {
  const { cluster, reported, instances } = input;
  const name = shardName(cluster, number);
  const status = reported.find((shard) => shard.name === name);
  if (status?.epoch === undefined || status.primary === undefined) {
    return undefined;
  }
  const remembered = (status.instances ?? []).map(({ pod }) => pod);
  const asked = Array.from({ length: instances }, (_, ordinal) => podName(cluster, number, ordinal));
  const replicas = inOrder(input, number, [...remembered, ...asked]).filter((pod) => pod !== status.primary);
  return {
    number,
    name,
    epoch: status.epoch,
    primary: status.primary,
    replicas,
    ackers: replicas,
    // It may have data; a primary that makes an empty database in its place would lose it.
    initialised: true,
    acknowledgement: acknowledgementAmong(replicas),
    ...(status.lastFailover === undefined ? {} : { promotedAt: status.lastFailover.at }),
    // Or it would be carried out again.
    ...(status.lastSwitchover === undefined ? {} : { handledSwitchover: status.lastSwitchover.request }),
  };
}

function acknowledgementAmong(replicas: readonly string[]): ShardMapShard['acknowledgement'] {
  return replicas.length === 0 ? 'None' : 'OneReplica';
}

/**
 * A pod that is labelled primary against the record: the status may be older than the last promotion, which
 * writes the map first, the label next and the status last.
 */
function contradiction(input: ShardMapInput, record: ShardMapShard): Finding | undefined {
  const other = input.labelledPrimaries.find(
    (pod) => ordinalOf(input.cluster, record.number, pod) !== undefined && pod !== record.primary,
  );
  if (other === undefined) {
    return undefined;
  }
  return {
    reason: 'ShardMapMissing',
    blocks: 'cluster',
    message:
      `The ShardMap ${input.cluster} is missing, and it is not certain which pod is the primary of ${record.name}: ` +
      `the status says ${record.primary ?? 'none'}, the labels of the pods say ${other}. Nothing is changed. ` +
      `Restore the ShardMap from a backup, or create it with the primary that took the last writes.`,
  };
}

function noRecord({ cluster, current }: ShardMapInput, number: number): Finding {
  const what =
    current === undefined
      ? `The ShardMap ${cluster} is missing`
      : `The ShardMap ${cluster} lacks shard ${number}`;
  return {
    reason: 'ShardMapMissing',
    blocks: 'cluster',
    message:
      `${what}, and volumes or a StatefulSet of ${shardName(cluster, number)} exist, but nothing on record says ` +
      `which pod is its primary. Nothing is changed. Restore the ShardMap from a backup or create it with the pod ` +
      `that took the last writes as primary; or, if the data is not needed, delete the StatefulSet and the ` +
      `PersistentVolumeClaims of ${shardName(cluster, number)}.`,
  };
}

/**
 * The shard with all its members on record: those asked for, and those on their way out for as long as their
 * pod exists or their acknowledgement counts.
 */
function withMembers(input: ShardMapInput, shard: ShardMapShard): ShardMapShard {
  const { cluster, instances, pods } = input;
  const count = effectiveInstances(cluster, instances, shard);
  const asked = Array.from({ length: count }, (_, ordinal) => podName(cluster, shard.number, ordinal));
  const leaving = shard.replicas.filter((pod) => pods.has(pod) || shard.ackers.includes(pod));
  const replicas = inOrder(input, shard.number, [...asked, ...leaving]).filter(
    (pod) => pod !== shard.primary,
  );
  return sameNames(replicas, shard.replicas) ? shard : { ...shard, replicas };
}

function inOrder({ cluster }: ShardMapInput, number: number, pods: readonly string[]): string[] {
  const position = (pod: string): number => ordinalOf(cluster, number, pod) ?? Number.MAX_SAFE_INTEGER;
  return [...new Set(pods)].toSorted((a, b) => position(a) - position(b) || a.localeCompare(b));
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

/**
 * A map that replaces a lost one cannot know the last revision. The time in seconds is higher than any number of
 * changes, so that routers that remember the former map still see the revision grow.
 */
function revise(input: ShardMapInput, shards: ShardMapShard[], restored: boolean): ShardMapDecision {
  const { current, nowSeconds, spec, reportedKeyspaces: recorded } = input;
  const { keyspaces, users, findings } = decideKeyspaces({
    spec,
    current,
    recorded,
    shards: shards.map(({ number }) => number),
  });
  const content = {
    shards,
    ...(keyspaces.length === 0 ? {} : { keyspaces: [...keyspaces] }),
    ...(users.length === 0 ? {} : { users: [...users] }),
  };
  if (current === undefined) {
    const revision = restored ? Math.floor(nowSeconds) : 1;
    return { kind: 'create', spec: { revision, ...content }, findings };
  }
  const { revision, ...known } = current;
  return sameContent(content, known)
    ? { kind: 'keep', spec: current, findings }
    : { kind: 'update', spec: { revision: revision + 1, ...content }, findings };
}
