import type { StatementShape } from '../sql/statement-shape.ts';
import { bindSlots, type SlotChoice } from './bind-slots.ts';
import type { KeyComponent } from './key-classes.ts';
import type { KeyGraph } from './key-graph.ts';
import type { KeyspaceConfiguration } from './keyspace-configuration.ts';
import type { Refused } from './refusal.ts';
import type { RoutingCall } from './routing-plan.ts';
import { reachableScopes, scopesOf } from './reachable-scopes.ts';
import type { UnionParts } from './union-parts.ts';

/**
 * For each part of a UNION (also of one in FROM) that has a sharded table, its root. Parts never meet. Null for a plain SELECT, and where a part has
 * several roots or something else than the parts has one; also where a part of a UNION ALL has none, since it would come from every slot.
 */
export function unionRoots(
  shape: StatementShape,
  graph: KeyGraph,
  parts: Pick<UnionParts, 'scopes' | 'isDistinct'>,
): readonly KeyComponent[] | null {
  const strands = parts.scopes.flatMap((scope) => strandsOf(shape, graph, scope));
  if (strands.length < 2) {
    return null;
  }
  const roots = strands.map((scope) => {
    const own = reachableScopes(shape, [scope]);
    return graph.components.filter(({ nodes }) =>
      nodes.some((node) => own.has(graph.nodes[node]?.scope ?? -1)),
    );
  });
  const isCertain = roots.every((own) => own.length === 1 || (own.length === 0 && parts.isDistinct));
  const found = new Set(roots.flat());
  return isCertain && found.size > 0 && found.size === graph.components.length ? [...found] : null;
}

/** The scopes that a scope has its rows from, each by itself: the parts of a UNION in FROM that meets no other sharded table; or itself. */
function strandsOf(shape: StatementShape, graph: KeyGraph, scope: number): readonly number[] {
  const sources = shape.scopes[scope]?.sources ?? [];
  const sharded = sources.filter((source) => {
    if (source.kind === 'table') {
      return graph.nodes.some((node) => node.scope === scope && node.table === source.table);
    }
    return source.kind !== 'tableFunction';
  });
  const [source, other] = sharded;
  if (
    source === undefined ||
    other !== undefined ||
    source.kind === 'table' ||
    source.kind === 'tableFunction'
  ) {
    return [scope];
  }
  const body = shape.queries[source.query]?.body;
  return body === undefined
    ? [scope]
    : scopesOf(shape, body).flatMap((inner) => strandsOf(shape, graph, inner));
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
