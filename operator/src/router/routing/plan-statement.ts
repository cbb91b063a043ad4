/** One planner for each kind of statement. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { StatementNode, StatementShape } from '../sql/statement-shape.ts';
import { planChange } from './plan-change.ts';
import { planDefinition } from './plan-definition.ts';
import { planInsert } from './plan-insert.ts';
import { planLoadData } from './plan-load-data.ts';
import { planCall, planDo, planMaintenance, planWithinOneDatabase } from './plan-other.ts';
import { planSelect } from './plan-select.ts';
import { planRefusal } from './plan-tables.ts';
import { refuseUnsupported, type Refused } from './refusal.ts';
import type { Route } from './route.ts';
import type { Plan, PlanContext } from './routing-plan.ts';

const SESSION: Route = { kind: 'session' };
const planSession: Plan = () => SESSION;

/** Plans a statement. */
export function planStatement(context: PlanContext): Plan {
  const { shape } = context;
  switch (shape.kind) {
    case 'select':
      return planSelect(context, shape.query);
    case 'insert':
      return planInsert(context, shape);
    case 'update':
    case 'delete':
      return planChange(context, shape);
    case 'definition':
      return planDefinition(context, shape);
    case 'explain':
      return planExplain(context, shape.form, shape.statement);
    case 'call':
      return planCall(context, shape.schema);
    case 'do':
      return planDo(context);
    case 'loadData':
      return planLoadData(context, shape);
    case 'lockTables':
      return planWithinOneDatabase(context, 'LOCK TABLES');
    case 'handler':
      return planWithinOneDatabase(context, 'HANDLER');
    case 'maintenance':
      return planMaintenance(context, `${shape.verb} TABLE`);
    case 'xa':
      return planRefusal(
        refuseUnsupported(
          'XA transactions: a promotion may lose what was prepared',
          'Use BEGIN and COMMIT; several slots with shardwright_transactions',
        ),
      );
    case 'administration':
      return planRefusal(refuseAdministration(shape.what));
    case 'unknown':
      return planRefusal(
        refuseUnsupported(
          `The statement is not understood: ${shape.reason}`,
          'Write it in a simpler form; SET shardwright_key does not help where it is not known what a statement touches',
        ),
      );
    case 'begin':
    case 'commit':
    case 'rollback':
    case 'savepoint':
    case 'rollbackTo':
    case 'releaseSavepoint':
    case 'set':
    case 'setNames':
    case 'setTransaction':
    case 'setRole':
    case 'use':
    case 'show':
    case 'describe':
    case 'explainConnection':
    case 'kill':
    case 'userManagement':
    case 'prepare':
    case 'execute':
    case 'executeImmediate':
    case 'deallocate':
    case 'unlockTables':
    case 'empty':
      return planSession;
    default:
      return assertNever(shape);
  }
}

/** EXPLAIN tells of the statement within: of several slots, how the first of them would go about it. */
function planExplain(
  context: PlanContext,
  form: 'explain' | 'analyze' | 'shardwright',
  node: StatementNode,
): Plan {
  if (node.kind === 'explain') {
    return planRefusal(refuseUnsupported('EXPLAIN of EXPLAIN', ''));
  }
  const shape: StatementShape = { ...context.shape, ...node };
  const plan = planStatement({ ...context, shape });
  return (call) => {
    const route = plan(call);
    if (form === 'shardwright') {
      return route.kind === 'needsCatalog' ? route : { kind: 'described', route };
    }
    if (route.kind !== 'scatter' && route.kind !== 'split') {
      return route.kind === 'referenceWrite' ? explainReference(route) : route;
    }
    const [part] = route.parts;
    if (part === undefined || (form === 'analyze' && route.kind === 'split')) {
      return refuseUnsupported('ANALYZE runs the change, and would in one slot only', 'Use EXPLAIN');
    }
    return {
      kind: 'single',
      place: { kind: 'slot', keyspace: route.keyspace, slot: part.slot },
      access: route.access,
      edits: part.edits.filter(({ tokens }) => tokens.end > 0),
      generatedIds: null,
      reason: `one of ${route.parts.length} slots: ${route.reason}`,
    };
  };
}

/** First words of statements that work with the conditions and warnings of the one before. */
const DIAGNOSTIC_WORDS: ReadonlySet<string> = new Set(['SIGNAL', 'RESIGNAL', 'GET']);

function refuseAdministration(what: string): Refused {
  const [word = ''] = what.split(' ');
  if (DIAGNOSTIC_WORDS.has(word)) {
    return refuseUnsupported(
      `${word} outside of a stored program`,
      'Use SHOW WARNINGS, or write it into a procedure',
    );
  }
  return refuseUnsupported(
    `${what}: the servers are the operator's`,
    'Change the ShardedCluster, or use kubectl shardwright',
  );
}

function explainReference({
  keyspace,
  access,
  edits,
  reason,
}: Extract<Route, { kind: 'referenceWrite' }>): Route {
  return {
    kind: 'single',
    place: { kind: 'shared', keyspace, shard: null },
    access,
    edits: edits.filter(({ tokens }) => tokens.end > 0),
    generatedIds: null,
    reason,
  };
}
