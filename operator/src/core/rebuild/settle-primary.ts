/** Who leads a shard, by the words of its members. Pure. */
import type { ShardEvidence } from './evidence.ts';

/** What was on record of a shard when its map was last seen. */
export interface RecordedPrimary {
  readonly epoch: number;
  /** Null while one was being made. */
  readonly primary: string | null;
}

/**
 * - `leads`: this member takes writes in this epoch, and nobody can have a later one.
 * - `recorded`: members know of nothing later than what was on record, and nobody contradicts it.
 * - `elect`: it is not certain who led last: nobody does from this epoch on, and all members are asked.
 * - `untouched`: no member has ever had a database.
 * - `uncertain`: `message` says why, and what is missing.
 * - `unheard`: no member says anything.
 */
export type PrimaryVerdict =
  | { readonly kind: 'leads'; readonly primary: string; readonly epoch: number }
  | { readonly kind: 'recorded' }
  | { readonly kind: 'elect'; readonly epoch: number }
  | { readonly kind: 'untouched'; readonly epoch: number }
  | { readonly kind: 'uncertain'; readonly message: string }
  | { readonly kind: 'unheard' };

/** What is decided from. */
export interface PrimaryInput {
  /** Name of the shard. */
  readonly shard: string;
  readonly evidence: Pick<ShardEvidence, 'members' | 'silent'> | undefined;
  readonly record: RecordedPrimary | null;
  /** `spec.instances` */
  readonly instances: number;
}

/**
 * Decides. An open primary of the highest epoch that anybody knows leads. A later one could hide only among members that
 * are not heard, and those cannot have acknowledged anything without one more of them: so all have to be heard, unless the record and the
 * primary agree and somebody acknowledges what it commits.
 */
export function settlePrimary({ shard, evidence, record, instances }: PrimaryInput): PrimaryVerdict {
  const { members = [], silent = [] } = evidence ?? {};
  if (members.length === 0) {
    return { kind: 'unheard' };
  }
  const epoch = Math.max(
    record?.epoch ?? 0,
    ...members.map((member) => Math.max(member.epoch, member.recordedEpoch ?? 0)),
  );
  const leaders = members.filter(
    ({ isPrimary, isWritable, recordedEpoch }) => isPrimary && isWritable && recordedEpoch === epoch,
  );
  const [leader, second] = leaders;
  if (leader !== undefined && second !== undefined) {
    return uncertain(`${leader.pod} and ${second.pod} both take writes in epoch ${epoch} of ${shard}`);
  }
  const isOnRecord = record?.epoch === epoch;
  if (leader === undefined) {
    return isOnRecord ? { kind: 'recorded' } : withoutLeader({ shard, evidence, record, instances }, epoch);
  }
  if (isOnRecord && record.primary !== null && record.primary !== leader.pod) {
    return uncertain(
      `${leader.pod} takes writes in epoch ${epoch} of ${shard}, and the status says ${record.primary}`,
    );
  }
  const isConfirmed = isOnRecord && record.primary === leader.pod && leader.isAcknowledged;
  return silent.length === 0 || isConfirmed
    ? { kind: 'leads', primary: leader.pod, epoch }
    : uncertain(
        `${leader.pod} takes writes in epoch ${epoch} of ${shard}, and nothing is heard of ${listed(silent)}`,
      );
}

/** Members know of a later epoch than the record, or there is none: a promotion was under way, or everything has stopped. */
function withoutLeader({ shard, evidence, instances }: PrimaryInput, epoch: number): PrimaryVerdict {
  const { members = [], silent = [] } = evidence ?? {};
  if (silent.length > 0 || members.length < instances) {
    const missing = silent.length > 0 ? `of ${listed(silent)}` : `of all ${instances} instances`;
    return uncertain(`nobody takes writes in epoch ${epoch} of ${shard}, and nothing is heard ${missing}`);
  }
  return members.every(({ isUntouched }) => isUntouched)
    ? { kind: 'untouched', epoch: Math.max(1, epoch) }
    : { kind: 'elect', epoch: epoch + 1 };
}

function uncertain(message: string): PrimaryVerdict {
  return { kind: 'uncertain', message };
}

function listed(pods: readonly string[]): string {
  return pods.join(', ');
}
