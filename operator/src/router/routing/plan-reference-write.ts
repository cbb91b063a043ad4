/** Changes of reference tables, which every shard makes for itself: all copies have to come out the same. */
import type { Edit } from '../sql/rewrite.ts';
import { decideAccess } from './access.ts';
import type { MakeFunctionEdits } from './function-edits.ts';
import { isRepeatableFunction, SESSION_FUNCTIONS } from './functions.ts';
import { planRefusal, type KeyspaceTables } from './plan-tables.ts';
import { qualifierEdits } from './qualifier-edits.ts';
import { refuseUnsupported, type Refused } from './refusal.ts';
import type { GeneratedIds, RouteOf } from './route.ts';
import type { Plan, PlanContext, RoutingCall } from './routing-plan.ts';
import { fixedTime } from './fixed-time.ts';

/** Further edits of one statement, and the ids in them. */
export type MakeIdEdits = (
  call: RoutingCall,
) =>
  | { readonly edits: readonly Edit[]; readonly generatedIds: GeneratedIds | null }
  | Refused
  | RouteOf<'needsIds'>;

/** Plans a change of reference tables; `idEdits` for those with generated ids. */
export function planReferenceWrite(
  context: PlanContext,
  { keyspace, tables }: KeyspaceTables,
  functionEdits: MakeFunctionEdits,
  idEdits: MakeIdEdits = () => ({ edits: [], generatedIds: null }),
): Plan {
  const { shape } = context;
  const refused = refuseUnrepeatable(context);
  if (refused !== null) {
    return planRefusal(refused);
  }
  const access = decideAccess(shape, tables);
  const qualifiers = qualifierEdits(shape, keyspace.name, tables, 'shared');
  return (call) => {
    const ids = idEdits(call);
    return 'kind' in ids
      ? ids
      : {
          kind: 'referenceWrite',
          keyspace: keyspace.name,
          access,
          edits: [...fixedTime(call), ...functionEdits(call), ...qualifiers, ...ids.edits],
          generatedIds: ids.generatedIds,
          reason: 'a reference table is on every shard',
        };
  };
}

function refuseUnrepeatable({ shape }: PlanContext): Refused | null {
  const other = shape.functions.find((name) => !isRepeatableFunction(name) && !SESSION_FUNCTIONS.has(name));
  if (other !== undefined) {
    return refuseUnsupported(
      `${other}() may give something else on each shard, and the copies of a Reference table would differ`,
      'Write the value itself into the statement',
    );
  }
  if (shape.userVariables.length > 0) {
    return refuseUnsupported(
      'User variables are used in a change of a Reference table, which every shard makes for itself',
      'Write the value itself into the statement',
    );
  }
  return (shape.kind === 'update' || shape.kind === 'delete') && shape.limit !== null
    ? refuseUnsupported(
        'LIMIT may choose other rows on each shard, and the copies of a Reference table would differ',
        'Name the rows by their primary key',
      )
    : null;
}
