/** UPDATE and DELETE. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { CanonicalKey } from '../../core/keyspace/key-literal.ts';
import type { ColumnAssignment } from '../sql/statement-shape.ts';
import type { DeleteNode, StatementParts, UpdateNode } from '../sql/statement-shape.ts';
import { decideAccess } from './access.ts';
import { bindSlots, keyOfSlot } from './bind-slots.ts';
import { joinEdits, type MakeFunctionEdits, planFunctionEdits } from './function-edits.ts';
import { canonicalOf, constantOf, type KeyConstraint, type KeyOf } from './key-constraint.ts';
import { buildKeyGraph, type KeyGraph } from './key-graph.ts';
import type { MentionedTable } from './mentioned-tables.ts';
import { type KeyspaceTables, planRefusal, planTables } from './plan-tables.ts';
import { planReferenceWrite } from './plan-reference-write.ts';
import { qualifierEdits } from './qualifier-edits.ts';
import { refuseKeylessWrite, refuseUnsupported, type Refused } from './refusal.ts';
import type { SlotPart } from './route.ts';
import type { Plan, PlanContext, RoutingCall } from './routing-plan.ts';
import { refuseScatter } from './scatterable.ts';
import { groupBySlot, keepElements } from './split-edits.ts';

/** An UPDATE or DELETE. */
export type ChangeShape = StatementParts & (UpdateNode | DeleteNode);

/** Plans an UPDATE or DELETE. */
export function planChange(context: PlanContext, shape: ChangeShape): Plan {
  const functionEdits = planFunctionEdits(context);
  if (typeof functionEdits !== 'function') {
    return planRefusal(functionEdits);
  }
  return planTables(context, {
    none: () =>
      planRefusal(refuseUnsupported('The statement changes no table that is known', 'Name the table')),
    system: (schemas) => planRefusal(refuseSystemWrite(schemas)),
    keyspace: (found) => {
      switch (found.kind) {
        case 'unsharded':
          return planUnsharded(shape, found, functionEdits);
        case 'reference':
          return planReferenceWrite(context, found, functionEdits);
        case 'sharded':
          return planSharded(context, shape, found, functionEdits);
        default:
          return assertNever(found.kind);
      }
    },
  });
}

/** Tables of the server itself are changed on no server through the router. */
export function refuseSystemWrite(schemas: readonly string[]): Refused {
  return refuseUnsupported(
    `Tables of ${schemas.join(', ')} cannot be changed here`,
    'For users and grants, use CREATE USER and GRANT',
  );
}

function planUnsharded(
  shape: ChangeShape,
  { keyspace, tables }: KeyspaceTables,
  functionEdits: MakeFunctionEdits,
): Plan {
  const written = tables.find(({ kind, reference }) => kind === 'reference' && reference.access === 'write');
  if (written !== undefined) {
    return planRefusal(refuseReferenceWrite(written));
  }
  const access = decideAccess(shape, tables);
  const qualifiers = qualifierEdits(shape, keyspace.name, tables, 'unsharded');
  return (call) => ({
    kind: 'single',
    place: { kind: 'unsharded', keyspace: keyspace.name },
    access,
    edits: joinEdits(functionEdits(call), qualifiers),
    generatedIds: null,
    reason: 'only unsharded tables',
  });
}

function refuseReferenceWrite({ reference }: MentionedTable): Refused {
  return refuseUnsupported(
    `The Reference table ${reference.name} is changed together with tables that other shards do not have`,
    'Change it in a statement of its own, with values that were read before',
  );
}

function planSharded(
  context: PlanContext,
  shape: ChangeShape,
  { keyspace, tables }: KeyspaceTables,
  functionEdits: MakeFunctionEdits,
): Plan {
  const written = tables.find(({ kind, reference }) => kind === 'reference' && reference.access === 'write');
  if (written !== undefined) {
    return planRefusal(refuseReferenceWrite(written));
  }
  const { digest } = context;
  const graph = buildKeyGraph(shape, tables, digest);
  const keyAssignments = shape.kind === 'update' ? findKeyAssignments(shape, graph) : [];
  const access = decideAccess(shape, tables);
  const qualifiers = qualifierEdits(shape, keyspace.name, tables, 'slot');
  const refused =
    refuseSeveralSlots(shape) ??
    refuseScatter({
      shape,
      digest,
      tables,
      graph,
      gathered: null,
      scopes: [shape.scope],
      isDistinctUnion: false,
    });
  return (call) => {
    const chosen = bindSlots(call, keyspace, graph);
    if (chosen.kind === 'refused') {
      return chosen;
    }
    const changed = refuseKeyChange(call, keyAssignments, graph);
    if (changed !== null) {
      return changed;
    }
    const edits = [...functionEdits(call), ...qualifiers];
    const [slot] = chosen.slots;
    if (chosen.slots.length === 1 && slot !== undefined && chosen.isBound) {
      return {
        kind: 'single',
        place: { kind: 'slot', keyspace: keyspace.name, slot },
        access,
        edits,
        generatedIds: null,
        reason: chosen.reason,
        boundBy: keyOfSlot(chosen, slot),
      };
    }
    if (!chosen.isBound && !call.allowsKeylessWrites) {
      return refuseKeyless(shape, graph, keyspace.name);
    }
    if (refused !== null) {
      return refused;
    }
    const lists = chosen.split === null ? undefined : groupBySlot(chosen.split.slots);
    return {
      kind: 'split',
      keyspace: keyspace.name,
      parts: chosen.slots.map((part): SlotPart => {
        const kept = lists?.get(part);
        const own = kept === undefined ? [] : keepElements(chosen.split?.elements ?? [], kept);
        return { slot: part, edits: [...edits, ...own], boundBy: keyOfSlot(chosen, part) };
      }),
      access,
      everySlot: !chosen.isBound,
      generatedIds: null,
      reason: chosen.reason,
    };
  };
}

function refuseKeyless(shape: ChangeShape, graph: KeyGraph, keyspace: string): Refused {
  const key = graph.nodes[0]?.key;
  const name = key === undefined || key === null ? 'the key' : `${key.table}.${key.column}`;
  return refuseKeylessWrite(
    `The ${shape.kind === 'update' ? 'UPDATE' : 'DELETE'} names no value of ${name}, and would run in every slot of ${keyspace}`,
    `Compare ${name} with a value; or, if every slot is meant, write the comment /*shardwright: all_slots */`,
  );
}

function refuseSeveralSlots(shape: ChangeShape): Refused | null {
  return shape.limit !== null || shape.orderBy.length > 0
    ? refuseUnsupported(
        'LIMIT and ORDER BY of a change in several slots would hold in each of them',
        'Select the keys first, and change the rows by their keys',
      )
    : null;
}

/** An assignment to a key column that may change it. */
interface KeyAssignment {
  readonly node: number;
  readonly key: KeyOf;
  readonly assignment: ColumnAssignment;
}

function findKeyAssignments(shape: UpdateNode, graph: KeyGraph): readonly KeyAssignment[] {
  return shape.assignments.flatMap((assignment) => {
    const { table, column, value } = assignment;
    // Whichever table is meant: one whose key has that name is enough to be careful.
    const nodes = graph.nodes.flatMap((node, index) =>
      node.key?.column === column && (node.scope === shape.scope || node.scope === null)
        ? [{ index, key: node.key }]
        : [],
    );
    const named = nodes.filter(
      ({ index }) => graph.nodeOf(shape.scope, { schema: null, table, name: column }) === index,
    );
    const isItself =
      value.kind === 'column' &&
      named[0] !== undefined &&
      graph.nodeOf(shape.scope, value.column) === named[0].index;
    const meant = named.length > 0 ? named : table === null ? nodes : [];
    return isItself ? [] : meant.map(({ index, key }) => ({ node: index, key, assignment }));
  });
}

/** A row whose key changed would be in the wrong slot. Programs that write all columns back set it to what it is. */
function refuseKeyChange(
  call: RoutingCall,
  assignments: readonly KeyAssignment[],
  graph: KeyGraph,
): Refused | null {
  for (const { node, key, assignment } of assignments) {
    const value = constantOf(assignment.value);
    const next = value === null ? null : canonicalOf(value, key, call.values);
    const constraints = graph.components
      .filter(({ nodes }) => nodes.includes(node))
      .flatMap((component) => component.constraints);
    if (
      next === null ||
      next.kind === 'refused' ||
      !constraints.some((constraint) => isOnly(call, constraint, next))
    ) {
      return refuseUnsupported(
        `The UPDATE sets ${key.table}.${key.column}, the column that decides in which slot a row is`,
        'Leave it out; to give a row another key, insert it anew and delete the former one',
      );
    }
  }
  return null;
}

function isOnly(call: RoutingCall, constraint: KeyConstraint, key: CanonicalKey): boolean {
  const [value] = constraint.kind === 'values' ? constraint.values : [];
  if (value === undefined || constraint.kind !== 'values' || constraint.values.length !== 1) {
    return false;
  }
  const bound = canonicalOf(value, constraint.key, call.values);
  if (bound.kind === 'number' && key.kind === 'number') {
    return bound.text === key.text;
  }
  return bound.kind === 'text' && key.kind === 'text' && Buffer.compare(bound.bytes, key.bytes) === 0;
}
