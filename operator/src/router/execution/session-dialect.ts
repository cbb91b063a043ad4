import type { Dialect } from '../sql/dialect.ts';
import type { Execution } from './execution.ts';

/** How a session's statements are read: the same object as long as nothing of it changes. */
export function dialectOf({ session, environment }: Execution): Dialect {
  return session.dialect(environment.facts().version);
}
