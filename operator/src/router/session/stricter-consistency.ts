import { CONSISTENCY_LEVELS, type ConsistencyLevel } from '../../api/v1alpha1/index.ts';

/** The stricter of two levels; `CONSISTENCY_LEVELS` begins with the strictest. */
export function stricterConsistency(one: ConsistencyLevel, other: ConsistencyLevel | null): ConsistencyLevel {
  return other !== null && CONSISTENCY_LEVELS.indexOf(other) < CONSISTENCY_LEVELS.indexOf(one) ? other : one;
}
