/** Why a primary in trouble is replaced, and how long it took to find out. Pure. */
import type { PromotionReason } from '../core/instance-report.ts';
import { assertNever } from '../runtime/assert-never.ts';
import type { PromotionCause } from './act/promote.ts';
import type { PrimaryTrouble } from './decide-shard-state.ts';
import { memberOf, type ShardObservation } from './observe-shard.ts';

/** The cause of the promotion that a trouble leads to. */
export function causeOf(kind: PrimaryTrouble['kind'], observation: ShardObservation): PromotionCause {
  const detectedMilliseconds = detectionOf(kind, observation);
  return { reason: reasonOf(kind), detectedMilliseconds, preferred: null, request: null, closedAt: null };
}

function reasonOf(kind: PrimaryTrouble['kind']): PromotionReason {
  switch (kind) {
    case 'primaryLost':
      return 'ServerEnded';
    case 'primaryUnreachable':
      return 'Unreachable';
    case 'primaryHung':
      return 'Hung';
    case 'primaryUnable':
      return 'CannotApply';
    case 'acknowledgementsStalled':
      return 'AcknowledgementsStalled';
    default:
      return assertNever(kind);
  }
}

/** Milliseconds from when the primary failed, as far as anybody can tell, until now. */
function detectionOf(kind: PrimaryTrouble['kind'], observation: ShardObservation): number {
  const primary = memberOf(observation, observation.shard.primary);
  const { state } = primary ?? {};
  switch (kind) {
    case 'primaryLost': {
      const at = state?.server.kind === 'ended' ? state.server.lastExit?.at : undefined;
      return at === undefined ? 0 : Math.max(0, (primary?.agentNow ?? at) - at);
    }
    case 'primaryUnreachable':
      return primary?.silentMilliseconds ?? 0;
    case 'primaryHung':
      return Math.max(state?.unresponsive?.forMilliseconds ?? 0, state?.unseenMilliseconds ?? 0);
    case 'primaryUnable':
      return observation.troubledMilliseconds ?? 0;
    case 'acknowledgementsStalled':
      return observation.commitsHangMilliseconds ?? 0;
    default:
      return assertNever(kind);
  }
}
