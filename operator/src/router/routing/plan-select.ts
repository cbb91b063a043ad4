/** SELECT. */
import type { Query } from '../sql/query-shape.ts';
import type { Edit } from '../sql/rewrite.ts';
import { planScatterSelect } from '../merge/plan-scatter-select.ts';
import { decideAccess } from './access.ts';
import { askedScopes, scopeOf } from './asked-queries.ts';
import { bindSlots, keyOfSlot, type SlotChoice } from './bind-slots.ts';
import { type MakeFunctionEdits, planFunctionEdits } from './function-edits.ts';
import { withItemNames } from './item-names.ts';
import { isPlainFunction } from './functions.ts';
import { gatheredQuery } from './gathered-query.ts';
import { targetSlot } from './key-constraint.ts';
import { buildKeyGraph, type KeyGraph } from './key-graph.ts';
import { planRefusal, planTables, type KeyspaceTables } from './plan-tables.ts';
import { qualifierEdits } from './qualifier-edits.ts';
import { refuseUnsupported, type Refused } from './refusal.ts';
import type { Access, Place, Route, SlotPart } from './route.ts';
import type { Plan, PlanContext, RoutingCall } from './routing-plan.ts';
import { scopesOf } from './reachable-scopes.ts';
import { refuseScatter } from './scatterable.ts';
import { groupBySlot, keepElements } from './split-edits.ts';
import { unionParts } from './union-parts.ts';
import { unionRoots, unionSlots } from './union-slots.ts';

/** Plans a SELECT: the query with index `root`. */
export function planSelect(context: PlanContext, root: number): Plan {
  const functionEdits = planFunctionEdits(context);
  if (typeof functionEdits !== 'function') {
    return planRefusal(functionEdits);
  }
  const { shape } = context;
  return planTables(context, {
    none: () => planWithoutTables(context, functionEdits),
    system: (schemas) => {
      const access = decideAccess(shape, []);
      return () => ({ kind: 'systemSchema', schemas, access });
    },
    keyspace: (found) => {
      const query = shape.queries[root];
      if (query === undefined) {
        throw new RangeError(`the statement has no query ${root}`);
      }
      return found.kind === 'sharded'
        ? planSharded(context, query, found, functionEdits)
        : planUnsharded(context, query, found, functionEdits);
    },
  });
}

/** SELECT NOW(): any server; but a stored function is a keyspace's. */
function planWithoutTables(
  { shape, schema, keyspaces }: PlanContext,
  functionEdits: MakeFunctionEdits,
): Plan {
  const access = decideAccess(shape, []);
  const keyspace = schema === null ? undefined : keyspaces.get(schema);
  const isStored = shape.functions.some((name) => !isPlainFunction(name));
  return (call) => {
    const edits = functionEdits(call);
    const single = (place: Place): Route => ({
      kind: 'single',
      place,
      access,
      edits,
      generatedIds: null,
      reason: 'no table is mentioned',
    });
    if (keyspace === undefined || !isStored) {
      return single({ kind: 'anywhere', shard: call.shard });
    }
    if (call.key === null) {
      return single({ kind: 'unsharded', keyspace: keyspace.name });
    }
    const slot = targetSlot(call.key, null, keyspace);
    return typeof slot === 'number' ? single({ kind: 'slot', keyspace: keyspace.name, slot }) : slot;
  };
}

function planUnsharded(
  { shape }: PlanContext,
  query: Query,
  { keyspace, tables, kind }: KeyspaceTables,
  functionEdits: MakeFunctionEdits,
): Plan {
  const { name } = keyspace;
  const access = decideAccess(shape, tables);
  const isShared = kind === 'reference';
  const qualifiers = qualifierEdits(shape, name, tables, isShared ? 'shared' : 'unsharded');
  const ownEdits = withItemNames(shape, query, functionEdits, qualifiers);
  return (call) => ({
    kind: 'single',
    place: isShared
      ? { kind: 'shared', keyspace: name, shard: call.shard }
      : { kind: 'unsharded', keyspace: name },
    access,
    edits: ownEdits(call),
    generatedIds: null,
    reason: isShared ? 'only reference tables, which every shard has' : 'only unsharded tables',
  });
}

function planSharded(
  context: PlanContext,
  query: Query,
  { keyspace, tables }: KeyspaceTables,
  functionEdits: MakeFunctionEdits,
): Plan {
  const { shape, digest } = context;
  const graph = buildKeyGraph(shape, tables, digest);
  const access = decideAccess(shape, tables);
  const qualifiers = qualifierEdits(shape, keyspace.name, tables, 'slot');
  const ownEdits = withItemNames(shape, query, functionEdits, qualifiers);
  const asked = askedScopes(shape, query);
  const union = asked === null ? unionParts(shape, query.body) : { scopes: asked, isDistinct: false };
  const roots = union === null ? null : unionRoots(shape, graph, union);
  const gathered = gatheredQuery(shape, query, graph);
  const gatheredScope = gathered === null ? null : scopeOf(shape, gathered);
  const refused = refuseScatter({
    shape,
    digest,
    tables,
    graph,
    gathered,
    scopes: asked ?? (gatheredScope === null ? scopesOf(shape, query.body) : [gatheredScope]),
    isDistinctUnion: union?.isDistinct === true,
  });
  return (call) => {
    const chosen =
      roots !== null && call.key === null
        ? unionSlots(call, keyspace, graph, roots)
        : bindSlots(call, keyspace, graph);
    if (chosen.kind === 'refused') {
      return chosen;
    }
    const [slot] = chosen.slots;
    if (chosen.slots.length === 1 && slot !== undefined) {
      return {
        kind: 'single',
        place: { kind: 'slot', keyspace: keyspace.name, slot },
        access,
        edits: ownEdits(call),
        generatedIds: null,
        reason: chosen.reason,
        boundBy: keyOfSlot(chosen, slot),
      };
    }
    if (refused !== null) {
      return refused;
    }
    // A query in the select list is the name of its column: it stays as it is, whichever keys are in its lists.
    return scatter(call, asked === null && gathered === null ? chosen : { ...chosen, split: null }, {
      context,
      query,
      gathered,
      tables,
      graph,
      access,
      keyspace,
      ownEdits,
    });
  };
}

interface ScatterPlanParts {
  readonly context: PlanContext;
  readonly query: Query;
  readonly gathered: number | null;
  readonly tables: KeyspaceTables['tables'];
  readonly keyspace: KeyspaceTables['keyspace'];
  readonly graph: KeyGraph;
  readonly access: Access;
  readonly ownEdits: MakeFunctionEdits;
}

function scatter(call: RoutingCall, choice: SlotChoice, parts: ScatterPlanParts): Route {
  const { context, query, gathered, tables, keyspace, graph, access, ownEdits } = parts;
  const slots = restrictToShard(call, keyspace, choice.slots);
  if (!('length' in slots)) {
    return slots;
  }
  const merge = planScatterSelect({
    shape: context.shape,
    tables,
    graph,
    query,
    gathered,
    values: call.values,
    textOf: (tokens) => call.statement.textOf(tokens),
  });
  if (merge.kind === 'refused') {
    return merge;
  }
  // Names of answers go in front of the columns that are added at the same place.
  const own = ownEdits(call);
  const lists = choice.split === null ? undefined : groupBySlot(choice.split.slots);
  const inSlot = (slot: number, edits: readonly Edit[]): readonly Edit[] => {
    const kept = lists?.get(slot);
    return kept === undefined ? edits : [...edits, ...keepElements(choice.split?.elements ?? [], kept)];
  };
  const edits = [...notReplaced(own, merge.edits), ...merge.edits];
  return {
    kind: 'scatter',
    keyspace: keyspace.name,
    parts: slots.map((slot): SlotPart => ({
      slot,
      boundBy: keyOfSlot(choice, slot),
      edits: inSlot(slot, edits),
    })),
    access,
    plan: merge.plan,
    ...(merge.template === undefined
      ? {}
      : {
          template: inSlot(slots[0] ?? 0, [...notReplaced(own, merge.template), ...merge.template]),
        }),
    ...(merge.named === undefined ? {} : { named: [...own, ...merge.named] }),
    reason: choice.reason,
  };
}

/** Edits without those of what others replace. */
function notReplaced(edits: readonly Edit[], by: readonly Edit[]): readonly Edit[] {
  return edits.filter(
    ({ tokens }) =>
      !by.some(
        (other) =>
          other.tokens.first < other.tokens.end &&
          other.tokens.first <= tokens.first &&
          tokens.end <= other.tokens.end &&
          tokens.first < other.tokens.end,
      ),
  );
}

function restrictToShard(
  { shard }: RoutingCall,
  keyspace: KeyspaceTables['keyspace'],
  slots: readonly number[],
): readonly number[] | Refused {
  if (shard === null) {
    return slots;
  }
  const own = new Set(keyspace.slotsByShard.get(shard));
  const restricted = slots.filter((slot) => own.has(slot));
  return restricted.length > 0
    ? restricted
    : refuseUnsupported(
        `Shard ${shard}, which shardwright_shard chooses, has none of the slots that the statement is about`,
        'SET shardwright_shard to DEFAULT',
      );
}
