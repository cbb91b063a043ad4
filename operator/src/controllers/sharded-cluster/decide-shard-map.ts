import type { ShardMapShard, ShardMapSpec, ShardStatus } from '../../api/v1alpha1/index.ts';
import { podName, shardName } from '../../api/v1alpha1/index.ts';
import type { MapEvidence } from '../../core/rebuild/evidence.ts';
import type { PlannedDepartures } from '../../core/rebuild/planned-departures.ts';
import { decideKeyspaces, type KeyspacesInput } from './decide-keyspaces.ts';
import type { Finding } from './finding.ts';
import { effectiveInstances, membersInOrder } from './instances.ts';
import { mayGo, withoutCopiesOn } from './leaving-shards.ts';
import { restoreKeyspaces, type RestoredKeyspaces } from './restore-keyspaces.ts';
import { restoreShard } from './restore-shard.ts';
import { sameContent } from './same-content.ts';

/** What the map of a cluster is decided from. */
export interface ShardMapInput {
  /** Name of the cluster. */
  readonly cluster: string;
  readonly namespace: string;
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
  /** Name of the rebalance that is under way; null for none. */
  readonly underWay: string | null;
  /** What rebalances under way may have moved, and from where; null where that may be anything. */
  readonly planned: PlannedDepartures | null;
  /** What members and their databases tell; null while there is a map, or nobody could be asked. */
  readonly evidence: MapEvidence | null;
  /** Shards that people have named for databases that cannot be settled, by the name of the database. */
  readonly decided: ReadonlyMap<string, number>;
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
      /** Of a map that replaces a lost one: what it was made from, in a sentence. */
      readonly rebuilt?: string;
    }
  | { readonly kind: 'refuse'; readonly finding: Finding };

/**
 * Adds missing shards and keyspaces to the map, takes away shards that are no longer asked for and have nothing any more, and
 * keeps its lists of members complete; never changes an epoch or a primary, and never moves a slot.
 *
 * A lost map is made again from what members and databases tell, and from the status where they tell nothing. What is not
 * certain is a refusal: a guess could promote a replica that lacks acknowledged writes, or serve a slot where it no longer is.
 */
export function decideShardMap(input: ShardMapInput): ShardMapDecision {
  const shards: ShardMapShard[] = [];
  const restored = new Set<number>();
  const stopped = new Set<number>();
  for (const number of shardNumbers(input)) {
    const known = input.current?.shards.find((shard) => shard.number === number);
    if (known !== undefined) {
      shards.push(withMembers(input, known));
      restored.add(number);
      continue;
    }
    const found = restoreShard({ ...input, isMapMissing: input.current === undefined }, number);
    if (found.kind === 'refuse') {
      return found;
    }
    shards.push(found.shard);
    if (found.kind !== 'new') {
      restored.add(number);
    }
    if (found.kind === 'stopped') {
      stopped.add(number);
    }
  }
  return revise(input, shards, { restored, stopped });
}

/**
 * Every shard there is or should be, from 0 on. A lower `spec.shards` takes the highest away, and only those that a map which
 * is there has nothing on: what the status remembers beyond them has gone that way before.
 */
function shardNumbers({ cluster, shards, current, reported }: ShardMapInput): number[] {
  const mapped = current?.shards.map(({ number }) => number + 1) ?? [];
  const names = new Set(reported.map(({ name }) => name));
  let count = Math.max(shards, ...mapped);
  while (names.has(shardName(cluster, count))) {
    count += 1;
  }
  if (current !== undefined) {
    while (count > shards && mayGo(current, shards, count - 1)) {
      count -= 1;
    }
  }
  return Array.from({ length: count }, (_, number) => number);
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
  const replicas = membersInOrder(cluster, shard.number, [...asked, ...leaving]).filter(
    (pod) => pod !== shard.primary,
  );
  return sameNames(replicas, shard.replicas) ? shard : { ...shard, replicas };
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

/** Shards that may have data, and of those the ones that nobody leads. */
interface Standing {
  readonly restored: ReadonlySet<number>;
  readonly stopped: ReadonlySet<number>;
}

/** Whether a map that replaces a lost one has shards and still lacks the keyspaces: see `withoutKeyspaces`. */
export function lacksKeyspaces(
  current: Pick<ShardMapSpec, 'keyspaces'>,
  recorded: KeyspacesInput['recorded'],
): boolean {
  return current.keyspaces === undefined && recorded.length > 0;
}

function revise(input: ShardMapInput, shards: ShardMapShard[], standing: Standing): ShardMapDecision {
  const { current, spec, reportedKeyspaces: recorded } = input;
  const { keyspaces, users, findings } = decideKeyspaces({
    spec,
    current,
    recorded,
    // Nothing new goes where everything is about to leave.
    shards: shards.map(({ number }) => number).filter((number) => number < input.shards),
  });
  const present = new Set(shards.map(({ number }) => number));
  const content = {
    shards,
    ...(keyspaces.length === 0
      ? {}
      : { keyspaces: keyspaces.map((each) => withoutCopiesOn(each, (shard) => present.has(shard))) }),
    ...(users.length === 0 ? {} : { users: [...users] }),
    // They are somebody else's, who changes them with the keyspaces in one write.
    ...(current?.moves === undefined ? {} : { moves: current.moves }),
    ...(current?.moveLimits === undefined ? {} : { moveLimits: current.moveLimits }),
  };
  if (current !== undefined && !lacksKeyspaces(current, recorded)) {
    const { revision, ...known } = current;
    return sameContent(content, known)
      ? { kind: 'keep', spec: current, findings }
      : { kind: 'update', spec: { revision: revision + 1, ...content }, findings };
  }
  if (current === undefined && standing.restored.size === 0) {
    return { kind: 'create', spec: { revision: 1, ...content }, findings };
  }
  const { restored, stopped } = standing;
  const revision = current === undefined ? revisionAfter(input) : current.revision + 1;
  const found = restoreKeyspaces({
    ...input,
    keyspaces: content.keyspaces ?? [],
    restored,
    revision,
    isCreated: current === undefined,
  });
  if (found.kind === 'refuse') {
    return withoutKeyspaces(current, { revision, ...content }, found, stopped);
  }
  const kind = current === undefined ? 'create' : 'update';
  return { kind, spec: { revision, ...withPlaces(content, found) }, findings, rebuilt: found.note };
}

/**
 * A shard that nobody leads tells nothing of its databases, and gets nobody who leads without a map: then there is one with all shards, by
 * which one is elected, and without keyspaces, by which agents change nobody's rights. They follow as soon as all is told.
 */
function withoutKeyspaces(
  current: ShardMapSpec | undefined,
  content: ShardMapSpec,
  { finding, untold }: Extract<ReturnType<typeof restoreKeyspaces>, { kind: 'refuse' }>,
  stopped: ReadonlySet<number>,
): ShardMapDecision {
  if (current !== undefined) {
    return { kind: 'keep', spec: current, findings: [finding] };
  }
  const spec = { ...content };
  delete spec.keyspaces;
  return untold.some((number) => stopped.has(number))
    ? { kind: 'create', spec, findings: [finding], rebuilt: 'It has no keyspaces yet.' }
    : { kind: 'refuse', finding };
}

function withPlaces<T extends object>(content: T, { keyspaces, moves }: RestoredKeyspaces) {
  return {
    ...content,
    ...(keyspaces.length === 0 ? {} : { keyspaces: [...keyspaces] }),
    ...(moves.length === 0 ? {} : { moves: [...moves] }),
  };
}

/**
 * A map that replaces a lost one may not know the last revision. The time in seconds is higher than any number of changes, so
 * that routers that remember the former map still see the revision grow, and so do fences; what is known to have been is passed in any case.
 */
function revisionAfter({ nowSeconds, evidence }: ShardMapInput): number {
  const seen = (evidence ?? []).flatMap(({ revision, holdings }) => [
    revision,
    ...(holdings?.fences ?? []).map((fence) => fence.revision),
  ]);
  return Math.max(Math.floor(nowSeconds), ...seen.map((revision) => revision + 1));
}
