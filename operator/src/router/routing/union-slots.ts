import type { Query, QueryBody } from '../sql/query-shape.ts';
import { bindSlots, type SlotChoice } from './bind-slots.ts';
import type { KeyComponent } from './key-classes.ts';
import type { KeyGraph } from './key-graph.ts';
import type { KeyspaceConfiguration } from './keyspace-configuration.ts';
import type { Refused } from './refusal.ts';
import type { PlanContext, RoutingCall } from './routing-plan.ts';
import { scopesOf } from './scatterable.ts';

/**
 * The slots of a UNION ALL, whose parts never meet: those of each of its parts. Null for anything else, and where a part is
 * not about exactly one root: a part without sharded tables would come from every slot.
 */
export function unionSlots(
  call: RoutingCall,
  { shape }: PlanContext,
  keyspace: KeyspaceConfiguration,
  graph: KeyGraph,
  query: Query,
): SlotChoice | Refused | null {
  const branches = branchesOf(query.body);
  if (branches.length < 2 || branches.length !== graph.components.length) {
    return null;
  }
  const choices: SlotChoice[] = [];
  for (const branch of branches) {
    const scopes = new Set(scopesOf(shape, branch));
    const own = graph.components.filter((component) => isIn(component, graph, scopes));
    const [component] = own;
    if (component === undefined || own.length !== 1) {
      return null;
    }
    const nodes = component.nodes.map((node) => graph.nodes[node]).filter((node) => node !== undefined);
    const choice = bindSlots(call, keyspace, { ...graph, nodes, components: [component] });
    if (choice.kind === 'refused') {
      return choice;
    }
    choices.push(choice);
  }
  const slots = new Set(choices.flatMap((choice) => choice.slots));
  return {
    kind: 'slots',
    slots: [...slots].toSorted((left, right) => left - right),
    isBound: choices.every(({ isBound }) => isBound),
    split: null,
    reason: [...new Set(choices.map(({ reason }) => reason))].join('; '),
  };
}

function isIn({ nodes }: KeyComponent, graph: KeyGraph, scopes: ReadonlySet<number>): boolean {
  return nodes.some((node) => scopes.has(graph.nodes[node]?.scope ?? -1));
}

function branchesOf(body: QueryBody): readonly QueryBody[] {
  return body.kind === 'set' && body.operator === 'UNION' && body.all
    ? [...branchesOf(body.left), ...branchesOf(body.right)]
    : [body];
}
