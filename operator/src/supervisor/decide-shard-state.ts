/** The state a shard is in: ordered predicates, of which the first that holds names it. Pure. */
import type { PositionArithmetic } from '../engines/position.ts';
import { assertNever } from '../runtime/assert-never.ts';
import { decideMapUpkeep, type MapUpkeep, type UpkeepContext } from './decide-map-upkeep.ts';
import { diagnosePrimary, type PrimaryDiagnosis } from './diagnose-primary.ts';
import type { ElectionWishes } from './election-input.ts';
import type { ShardObservation } from './observe-shard.ts';
import { refusePromotion } from './promotion-policy.ts';
import type { Refusal } from './refusal.ts';

/** A primary in trouble. A promotion begins where `refusal` is null. */
export interface PrimaryTrouble {
  readonly kind:
    'primaryLost' | 'primaryUnreachable' | 'primaryHung' | 'primaryUnable' | 'acknowledgementsStalled';
  readonly refusal: Refusal | null;
}

/**
 * A shard's state, and with it what is to be done; what the names mean is said in `api/v1alpha1/shard-words.ts`. Each has at most
 * one action.
 */
export type ShardState =
  | { readonly kind: 'promoting' }
  | PrimaryTrouble
  | MapUpkeep
  | { readonly kind: 'replicaBroken'; readonly pod: string }
  | { readonly kind: 'healthy' };

/** What the decision needs beside the observation. */
export interface DecisionContext extends UpkeepContext {
  readonly positions: PositionArithmetic;
  readonly wishes: ElectionWishes;
}

type Predicate = (observation: ShardObservation, context: DecisionContext) => ShardState | null;

/** A promotion comes before everything else; one that is refused keeps nothing else waiting. */
const PREDICATES: readonly Predicate[] = [
  promoting,
  (observation, context) => withRefusal(troubled(observation, context), false),
  decideMapUpkeepNow,
  (observation, context) => withRefusal(troubled(observation, context), true),
  decideMapUpkeep,
  replicaBroken,
];

/** Decides. */
export function decideShardState(observation: ShardObservation, context: DecisionContext): ShardState {
  for (const predicate of PREDICATES) {
    const state = predicate(observation, context);
    if (state !== null) {
      return state;
    }
  }
  return { kind: 'healthy' };
}

/** Whether a state follows from what was not heard: then it may be we who did not listen. */
export function restsOnSilence({ kind }: ShardState): boolean {
  return kind === 'primaryUnreachable' || kind === 'primaryHung' || kind === 'acknowledgementsStalled';
}

/** Whether the state is a primary in trouble. */
export function isTrouble(state: ShardState): state is PrimaryTrouble {
  return 'refusal' in state;
}

function promoting({ shard }: ShardObservation): ShardState | null {
  return shard.primary === null ? { kind: 'promoting' } : null;
}

function troubled(
  observation: ShardObservation,
  { wishes, positions }: DecisionContext,
): PrimaryTrouble | null {
  const diagnosis = diagnosePrimary(observation);
  const kind = troubleOf(diagnosis);
  return kind === null ? null : { kind, refusal: refusePromotion(observation, diagnosis, wishes, positions) };
}

function withRefusal(trouble: PrimaryTrouble | null, isRefused: boolean): PrimaryTrouble | null {
  return trouble !== null && (trouble.refusal !== null) === isRefused ? trouble : null;
}

function troubleOf({ kind }: PrimaryDiagnosis): PrimaryTrouble['kind'] | null {
  switch (kind) {
    case 'well':
      return null;
    case 'lost':
      return 'primaryLost';
    case 'unreachable':
      return 'primaryUnreachable';
    case 'hung':
      return 'primaryHung';
    case 'unable':
      return 'primaryUnable';
    case 'stalled':
      return 'acknowledgementsStalled';
    default:
      return assertNever(kind);
  }
}

/** What the map has to be told now, as against what is waited for. */
function decideMapUpkeepNow(observation: ShardObservation, context: DecisionContext): ShardState | null {
  const upkeep = decideMapUpkeep(observation, context);
  return upkeep?.kind === 'ackerLeaving' || upkeep?.kind === 'initialising' ? null : upkeep;
}

/** A replica that cannot apply what it has received: it takes no reads, and cannot take over. */
function replicaBroken({ shard, members }: ShardObservation): ShardState | null {
  const broken = members.find(({ pod, state }) => {
    const role = state?.member?.role;
    return pod !== shard.primary && role?.kind === 'replica' && role.following.applying.kind === 'failed';
  });
  return broken === undefined ? null : { kind: 'replicaBroken', pod: broken.pod };
}
