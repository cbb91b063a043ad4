/** A shard's entry in a map that replaces a lost one. Pure. */
import type { ShardMapShard, ShardStatus } from '../../api/v1alpha1/index.ts';
import { podName, shardName } from '../../api/v1alpha1/index.ts';
import { assertNever } from '../../core/assert-never.ts';
import type { MapEvidence } from '../../core/rebuild/evidence.ts';
import { settlePrimary } from '../../core/rebuild/settle-primary.ts';
import type { Finding } from './finding.ts';
import { membersInOrder, ordinalOf } from './instances.ts';

/** What an entry is restored from. */
export interface RestoreInput {
  /** Name of the cluster. */
  readonly cluster: string;
  /** `spec.instances` */
  readonly instances: number;
  /** `status.shards` of the cluster: what the map said when it was last seen. */
  readonly reported: readonly ShardStatus[];
  /** What members tell; null where nobody was asked, since there is a map. */
  readonly evidence: MapEvidence | null;
  /** Shards of which a StatefulSet or a volume exists, so that data may exist. */
  readonly withData: ReadonlySet<number>;
  /** Pods that carry the role `primary`. */
  readonly labelledPrimaries: readonly string[];
  /** Whether there is no map at all. */
  readonly isMapMissing: boolean;
}

/**
 * - `leading`: its primary takes writes, or may do so unheard.
 * - `stopped`: there was an entry before, and nobody leads now.
 * - `new`: there was none.
 * - `refuse`: why there can be none.
 */
export type RestoredShard =
  | { readonly kind: 'leading' | 'stopped' | 'new'; readonly shard: ShardMapShard }
  | { readonly kind: 'refuse'; readonly finding: Finding };

/**
 * Members that are heard come first: who takes writes in the highest epoch that anybody knows leads. Where nobody does, the status counts unless
 * somebody knows of a later epoch; then members elect. A shard of which nothing exists is new, with its first pod as primary. Every member is
 * an acker: too many can only delay a promotion, too few can lose writes.
 */
export function restoreShard(input: RestoreInput, number: number): RestoredShard {
  const { cluster, instances, reported, evidence, withData } = input;
  const name = shardName(cluster, number);
  const status = reported.find((shard) => shard.name === name);
  const record =
    status?.epoch === undefined || status.primary === undefined
      ? null
      : { epoch: status.epoch, primary: status.primary };
  const heard = evidence?.find((shard) => shard.number === number);
  const verdict = settlePrimary({ shard: name, evidence: heard, record, instances });
  const members = membersInOrder(cluster, number, [
    ...(status?.instances ?? []).map(({ pod }) => pod),
    ...asked(cluster, number, instances),
    ...(heard?.members ?? []).map(({ pod }) => pod),
  ]);
  const entry = (
    kind: 'leading' | 'stopped',
    { primary, epoch }: Pick<ShardMapShard, 'primary' | 'epoch'>,
  ): RestoredShard => ({
    kind,
    shard: restoredEntry({ number, name, primary, epoch, members }, status),
  });
  switch (verdict.kind) {
    case 'leads':
      return entry('leading', verdict);
    case 'elect':
      return entry('stopped', { primary: null, epoch: verdict.epoch });
    case 'untouched':
      return { kind: 'new', shard: newEntry(cluster, number, instances, verdict.epoch) };
    case 'uncertain':
      return { kind: 'refuse', finding: notCertain(cluster, verdict.message) };
    case 'recorded':
    case 'unheard': {
      if (record === null) {
        return withData.has(number)
          ? { kind: 'refuse', finding: noRecord(input, number) }
          : { kind: 'new', shard: newEntry(cluster, number, instances, 1) };
      }
      const refusal = contradiction(input, number, record.primary);
      if (refusal !== undefined) {
        return { kind: 'refuse', finding: refusal };
      }
      // Whoever is not heard may well be at work.
      const isUnheard = verdict.kind === 'unheard' && heard !== undefined;
      return entry(isUnheard ? 'leading' : 'stopped', record);
    }
    default:
      return assertNever(verdict);
  }
}

function asked(cluster: string, number: number, instances: number): string[] {
  return Array.from({ length: instances }, (_, ordinal) => podName(cluster, number, ordinal));
}

function newEntry(cluster: string, number: number, instances: number, epoch: number): ShardMapShard {
  const [primary = podName(cluster, number, 0), ...replicas] = asked(cluster, number, instances);
  return {
    number,
    name: shardName(cluster, number),
    epoch,
    primary,
    replicas,
    ackers: [],
    initialised: false,
    acknowledgement: acknowledgementAmong(replicas.length),
  };
}

function restoredEntry(
  {
    number,
    name,
    primary,
    epoch,
    members,
  }: Pick<ShardMapShard, 'number' | 'name' | 'primary' | 'epoch'> & { readonly members: readonly string[] },
  status: ShardStatus | undefined,
): ShardMapShard {
  const replicas = members.filter((pod) => pod !== primary);
  return {
    number,
    name,
    epoch,
    primary,
    replicas,
    ackers: members.length > 1 ? replicas : [],
    // It may have data; a primary that makes an empty database in its place would lose it.
    initialised: true,
    acknowledgement: acknowledgementAmong(members.length - 1),
    ...(status?.lastFailover === undefined ? {} : { promotedAt: status.lastFailover.at }),
    // Or it would be carried out again.
    ...(status?.lastSwitchover === undefined ? {} : { handledSwitchover: status.lastSwitchover.request }),
  };
}

function acknowledgementAmong(replicas: number): ShardMapShard['acknowledgement'] {
  return replicas === 0 ? 'None' : 'OneReplica';
}

/**
 * A pod that is labelled primary against the record: the status may be older than the last promotion, which
 * writes the map first, the label next and the status last.
 */
function contradiction(
  { cluster, labelledPrimaries }: RestoreInput,
  number: number,
  primary: string | null,
): Finding | undefined {
  const other = labelledPrimaries.find(
    (pod) => ordinalOf(cluster, number, pod) !== undefined && pod !== primary,
  );
  if (other === undefined) {
    return undefined;
  }
  return {
    reason: 'ShardMapMissing',
    blocks: 'cluster',
    message:
      `The ShardMap ${cluster} is missing, and it is not certain which pod is the primary of ${shardName(cluster, number)}: ` +
      `the status says ${primary ?? 'none'}, the labels of the pods say ${other}. Nothing is changed. ` +
      `Restore the ShardMap from a backup, or create it with the primary that took the last writes.`,
  };
}

function notCertain(cluster: string, message: string): Finding {
  return {
    reason: 'ShardMapMissing',
    blocks: 'cluster',
    message:
      `The ShardMap ${cluster} is missing, and it is not certain who leads: ${message}. Nothing is changed until it is. ` +
      'Bring those instances back that are not heard; or create the ShardMap with the primary that took the last writes.',
  };
}

function noRecord({ cluster, isMapMissing }: RestoreInput, number: number): Finding {
  const name = shardName(cluster, number);
  const what = isMapMissing
    ? `The ShardMap ${cluster} is missing`
    : `The ShardMap ${cluster} lacks shard ${number}`;
  return {
    reason: 'ShardMapMissing',
    blocks: 'cluster',
    message:
      `${what}, and volumes or a StatefulSet of ${name} exist, but nothing on record says ` +
      `which pod is its primary. Nothing is changed. Restore the ShardMap from a backup or create it with the pod ` +
      `that took the last writes as primary; or, if the data is not needed, delete the StatefulSet and the ` +
      `PersistentVolumeClaims of ${name}.`,
  };
}
