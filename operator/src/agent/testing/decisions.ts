/** Decisions, and what they are made from, for tables. */
import type { ShardMapShard } from '../../api/v1alpha1/index.ts';
import { unknown } from '../../engines/measure.ts';
import type { Decision } from '../decision.ts';
import type { Observation, ShardView } from '../observation.ts';
import { acknowledgedBy, aFollowing, aMember, anEntry, PRIMARY } from './observations.ts';

/** A decision in a line. */
export function summary(decision: Decision): unknown {
  switch (decision.kind) {
    case 'wait':
      return `wait: ${decision.reason}${decision.problem === undefined ? '' : ` (${decision.problem.reason})`}`;
    case 'start':
      return `start: ${decision.order.role} ${decision.order.epoch} ${decision.order.acknowledgement}`;
    case 'clone':
      return `clone: ${decision.from.join(' ')}`;
    case 'follow':
      return `follow: ${decision.primary}`;
    case 'setAcknowledgement':
      return `setAcknowledgement: ${decision.rule}`;
    case 'promote':
      return `promote: ${decision.epoch} ${decision.acknowledgement}`;
    case 'ensureDatabases':
      return `ensureDatabases: ${decision.digest}`;
    case 'openWrites':
      return `openWrites: ${decision.epoch}${decision.awaitsReplica === true ? ', once acknowledged' : ''}`;
    case 'prepareDatabase':
      return `prepareDatabase: ${decision.epoch}`;
    default:
      return decision.kind;
  }
}

/** A map whose entry of the shard is so. */
export const entry = (change: Partial<ShardMapShard>): { shard: ShardView } => ({
  shard: { kind: 'known', shard: anEntry(change) },
});
/** The agent of the recorded primary. */
export const primary = { pod: PRIMARY };
/** Of the primary, whose map gives it databases of that digest. */
export const withSlots = (digest: string, untouched: readonly string[] = []): Partial<Observation> => ({
  ...primary,
  shard: { kind: 'known', shard: anEntry({}), databases: { revision: 1, wanted: [], untouched, digest } },
});
/** A primary that takes writes. */
export const open = aMember({ role: { kind: 'primary' }, writable: true, ...acknowledgedBy(2) });
/** A replica at work. */
export const following = aMember({ role: { kind: 'replica', following: aFollowing() } });
/** Why replication fails. */
export const error = { number: 1236, message: 'diverged' };
/** An order of the operator, given while the map was what it is by default. */
export const order = (epoch: number) => ({ epoch, primary: PRIMARY, mapEpoch: 3 });

type Activity = 'stopped' | 'failed' | 'running';

function activity(kind: Activity) {
  return kind === 'failed' ? { kind, error } : { kind };
}

/** A replica whose threads are so. */
export function stopped(receiving: Activity, applying: Activity) {
  return aMember({
    role: {
      kind: 'replica',
      following: aFollowing({
        receiving: activity(receiving),
        applying: activity(applying),
        lagMilliseconds: unknown('it does not receive'),
      }),
    },
  });
}

/** A closed primary with that rule. */
export function aMemberRule(rule: 'none') {
  return { acknowledgement: { ...aMember().acknowledgement, rule } };
}
