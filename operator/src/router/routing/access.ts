/** Which server may run a statement. */
import { CONSISTENCY_LEVELS, type ConsistencyLevel } from '../../api/v1alpha1/index.ts';
import type { StatementShape } from '../sql/statement-shape.ts';
import { isPlainFunction } from './functions.ts';
import type { MentionedTable } from './mentioned-tables.ts';
import type { Access } from './route.ts';

/** Why only a primary may run it; the first that holds. */
const PRIMARY_RULES: readonly ((shape: StatementShape) => string | null)[] = [
  ({ kind }) => (READS.has(kind) ? null : 'it writes'),
  ({ queries }) => (queries.some(({ lock }) => lock === 'update') ? 'FOR UPDATE locks rows' : null),
  ({ queries }) => (queries.some(({ lock }) => lock === 'share') ? 'LOCK IN SHARE MODE locks rows' : null),
  ({ sequences }) => (sequences ? 'a sequence is advanced' : null),
  ({ tables }) => (tables.some(({ access }) => access === 'write') ? 'it writes' : null),
  ({ functions }) => {
    const other = functions.find((name) => !isPlainFunction(name));
    return other === undefined ? null : `${other}() may have side effects, or depends on the connection`;
  },
];

const READS: ReadonlySet<StatementShape['kind']> = new Set(['select', 'explain', 'show', 'describe']);

/** The strictest first. */
const STRICTNESS: readonly ConsistencyLevel[] = CONSISTENCY_LEVELS;

/** Decides which server may run a statement, of one statement's shape: to be kept. */
export function decideAccess(shape: StatementShape, tables: readonly MentionedTable[]): Access {
  const reasons = PRIMARY_RULES.map((rule) => rule(shape)).filter((reason) => reason !== null);
  const levels = tables
    .map(({ configuration }) => configuration.consistency)
    .filter((level) => level !== null);
  const [strictest = null] = levels.toSorted(
    (left, right) => STRICTNESS.indexOf(left) - STRICTNESS.indexOf(right),
  );
  const [primaryBecause = null] = reasons;
  const isOfAll = tables.length === levels.length;
  return {
    mode: READS.has(shape.kind) ? 'read' : 'write',
    primaryBecause,
    consistency: isOfAll ? strictest : null,
    leastConsistency: isOfAll ? null : strictest,
  };
}
