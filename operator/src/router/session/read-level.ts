import type { ConsistencyLevel } from '../../api/v1alpha1/index.ts';
import type { Access } from '../routing/route.ts';
import { stricterConsistency } from './stricter-consistency.ts';

/**
 * The level of a read: the statement's hint; else what the session has asked for, but nothing laxer than its tables do; else what
 * all its tables ask for; else the default (of the user or the keyspace), but nothing laxer than some of its tables do.
 */
export function decideReadLevel(
  { consistency, leastConsistency, hinted }: Access,
  wished: ConsistencyLevel | null,
  byDefault: ConsistencyLevel,
): ConsistencyLevel {
  if (consistency !== null && hinted !== undefined) {
    return consistency;
  }
  if (wished !== null) {
    return stricterConsistency(wished, consistency ?? leastConsistency);
  }
  return consistency ?? stricterConsistency(byDefault, leastConsistency);
}
