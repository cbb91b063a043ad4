import type { StatementShape } from '../sql/statement-shape.ts';
import { variablePolicy } from '../session/variable-policy.ts';
import type { RefusedFeatureName } from './refused-features.ts';

/** Functions whose effect stays with one server connection. */
const NAMED_LOCKS: ReadonlySet<string> = new Set([
  'GET_LOCK',
  'RELEASE_LOCK',
  'RELEASE_ALL_LOCKS',
  'IS_FREE_LOCK',
  'IS_USED_LOCK',
]);

/**
 * The feature for which a statement is refused wherever it would go: what it leaves behind would stay on a server
 * connection that the next session gets. Null for none.
 */
export function refusedFeatureOf(shape: StatementShape): RefusedFeatureName | null {
  if (shape.settings.some(({ name }) => decidesReading(name))) {
    return 'settingsOfStatement';
  }
  switch (shape.kind) {
    case 'lockTables':
      return 'lockTables';
    case 'handler':
      return 'handler';
    case 'xa':
      return 'xa';
    case 'loadData':
      return shape.local ? null : 'loadDataFile';
    case 'definition':
      return shape.temporary ? 'temporaryTables' : null;
    case 'set':
      return null;
    default:
      return usesNamedLocks(shape) && shape.tables.length > 0
        ? 'namedLocks'
        : shape.assignsUserVariables
          ? 'assignedVariables'
          : null;
  }
}

/** Whether a variable must be known before a statement is read, or is none that a session may set. */
function decidesReading(name: string): boolean {
  return name === 'sql_mode' || name.startsWith('character_set_') || variablePolicy(name).kind !== 'replay';
}

/** Whether a statement takes, asks for or releases named locks, which one connection of the session is kept for. */
export function usesNamedLocks({ functions }: StatementShape): boolean {
  return functions.some((name) => NAMED_LOCKS.has(name));
}
