import type { StatementShape } from '../sql/statement-shape.ts';
import { bindSlots, type SlotChoice } from './bind-slots.ts';
import type { KeyComponent } from './key-classes.ts';
import type { KeyGraph } from './key-graph.ts';
import type { KeyspaceConfiguration } from './keyspace-configuration.ts';
import type { Refused } from './refusal.ts';
import type { RoutingCall } from './routing-plan.ts';
import { reachableScopes } from './scatterable.ts';
import type { UnionParts } from './union-parts.ts';

/**
 * For each part of a UNION that has a sharded table, its root. Parts never meet. Null for a plain SELECT, and where a part has
 * several roots or something else than the parts has one; also where a part of a UNION ALL has none, since it would come from every slot.
 */
export function unionRoots(
  shape: StatementShape,
  graph: KeyGraph,
  parts: UnionParts,
): readonly KeyComponent[] | null {
  if (parts.scopes.length < 2) {
    return null;
  }
  const roots = parts.scopes.map((scope) => {
    const own = reachableScopes(shape, [scope]);
    return graph.components.filter(({ nodes }) =>
      nodes.some((node) => own.has(graph.nodes[node]?.scope ?? -1)),
    );
  });
  const isCertain = roots.every((own) => own.length === 1 || (own.length === 0 && parts.isDistinct));
  const found = new Set(roots.flat());
  return isCertain && found.size > 0 && found.size === graph.components.length ? [...found] : null;
}

/** The slots of a UNION: those of each of its parts, by their roots. */
export function unionSlots(
  call: RoutingCall,
  keyspace: KeyspaceConfiguration,
  graph: KeyGraph,
  roots: readonly KeyComponent[],
): SlotChoice | Refused {
  const choices: SlotChoice[] = [];
  for (const root of roots) {
    const nodes = root.nodes.map((node) => graph.nodes[node]).filter((node) => node !== undefined);
    const choice = bindSlots(call, keyspace, { ...graph, nodes, components: [root] });
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
    boundBy: null,
    listed: choices.length === 1 ? (choices[0]?.listed ?? null) : null,
    reason: [...new Set(choices.map(({ reason }) => reason))].join('; '),
  };
}
