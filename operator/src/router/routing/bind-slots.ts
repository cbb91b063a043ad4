/** Which slots a statement concerns, once its literals are known. */
import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import type { TokenRange } from '../sql/expression.ts';
import { bindConstraint } from './bind-constraint.ts';
import type { KeyspaceConfiguration } from './keyspace-configuration.ts';
import { comparedSlot, type Constant, type KeyConstraint, type KeyOf, targetSlot } from './key-constraint.ts';
import type { KeyComponent } from './key-classes.ts';
import type { KeyGraph } from './key-graph.ts';
import { refuseUnsupported, type Refused } from './refusal.ts';
import { listedKey, type ListedKeys, type RoutedKey } from './routed-key.ts';
import type { RoutingCall } from './routing-plan.ts';

/** A list of values that can be split by slot. */
export interface SplitList {
  readonly elements: readonly TokenRange[];
  /** Slot of each element; null: in no slot. */
  readonly slots: readonly (number | null)[];
}

/**
 * Slots of a statement: never none, since a statement about nothing still has an answer. `isBound`: by its own keys;
 * `split` is the list that decided.
 */
export interface SlotChoice {
  readonly kind: 'slots';
  readonly slots: readonly number[];
  readonly isBound: boolean;
  readonly split: SplitList | null;
  /** The key that was compared, where that is one; those of a list are in `listed`. */
  readonly boundBy: RoutedKey | null;
  readonly listed: ListedKeys | null;
  readonly reason: string;
}

/** A key by which a choice has a slot; null where none is known. */
export function keyOfSlot({ boundBy, listed }: SlotChoice, slot: number): RoutedKey | null {
  return boundBy ?? (listed === null ? null : listedKey(listed, slot));
}

interface ComponentSlots {
  /** Null: all. */
  readonly slots: readonly number[] | null;
  readonly split: SplitList | null;
  readonly listed: ListedKeys | null;
}

/** Finds the slots of all rows that a statement can touch, or why it cannot be run. */
export function bindSlots(
  call: RoutingCall,
  keyspace: KeyspaceConfiguration,
  graph: KeyGraph,
): SlotChoice | Refused {
  const only = call.key === null && graph.unusable === null ? onlyValue(graph) : null;
  if (only !== null) {
    const slot = comparedSlot(only.value, only.key, keyspace, call.values);
    if (typeof slot === 'number') {
      return {
        kind: 'slots',
        slots: [slot],
        isBound: true,
        split: null,
        boundBy: only,
        listed: null,
        reason: `by key ${graph.boundKeys}`,
      };
    }
  }
  const bound: ComponentSlots[] = [];
  for (const component of graph.components) {
    const slots = bindComponent(call, keyspace, component);
    if ('kind' in slots) {
      return slots;
    }
    bound.push(slots);
  }
  if (call.key !== null) {
    const key = graph.nodes.find((node) => node.key !== null)?.key ?? null;
    return chooseTarget(call.key, targetSlot(call.key, key, keyspace), bound);
  }
  return bound.length === 1 ? chooseOfOne(keyspace, graph, bound) : chooseOfSeveral(keyspace, graph, bound);
}

/** The usual case, which needs no sets: one root, compared with one value. */
function onlyValue({ components }: KeyGraph): { readonly key: KeyOf; readonly value: Constant } | null {
  const [component, other] = components;
  const [constraint, second] = component?.constraints ?? [];
  if (other !== undefined || second !== undefined || constraint?.kind !== 'values') {
    return null;
  }
  const [value] = constraint.values;
  return value === undefined || constraint.values.length > 1 ? null : { key: constraint.key, value };
}

function bindComponent(
  call: RoutingCall,
  keyspace: KeyspaceConfiguration,
  { constraints }: KeyComponent,
): ComponentSlots | Refused {
  let slots: readonly number[] | null = null;
  let split: SplitList | null = null;
  let listed: ListedKeys | null = null;
  for (const constraint of constraints) {
    const bound = bindConstraint(constraint, keyspace, call.values);
    if (bound.kind === 'refused') {
      return bound;
    }
    const these: ReadonlySet<number | null> = bound.kind === 'range' ? bound.slots : new Set(bound.slots);
    const isAll: boolean = slots === null;
    const candidates: readonly number[] = slots ?? [...these].filter((slot) => slot !== null);
    slots = candidates.filter((slot) => these.has(slot));
    split = isAll ? splitListOf(constraint, bound) : null;
    if (constraint.kind === 'values' && bound.kind === 'values') {
      listed = { key: constraint.key, values: constraint.values, slots: bound.slots };
    }
  }
  return { slots: slots === null ? null : slots.toSorted((left, right) => left - right), split, listed };
}

function splitListOf(
  constraint: KeyConstraint,
  bound: { readonly kind: string; readonly slots: Iterable<number | null> },
): SplitList | null {
  return constraint.kind === 'values' && constraint.elements !== null
    ? { elements: constraint.elements, slots: [...bound.slots] }
    : null;
}

function chooseTarget(
  target: KeyLiteral,
  slot: number | Refused,
  bound: readonly ComponentSlots[],
): SlotChoice | Refused {
  if (typeof slot !== 'number') {
    return slot;
  }
  const isElsewhere = bound.some(({ slots }) => slots !== null && slots.length > 0 && !slots.includes(slot));
  return isElsewhere
    ? refuseUnsupported(
        'The statement names a key of another slot than that of shardwright_key',
        'SET shardwright_key to the key of the statement, or to DEFAULT',
      )
    : {
        kind: 'slots',
        slots: [slot],
        isBound: true,
        split: null,
        boundBy: { key: null, value: target },
        listed: null,
        reason: 'shardwright_key',
      };
}

function chooseOfOne(
  keyspace: KeyspaceConfiguration,
  graph: KeyGraph,
  [component]: readonly ComponentSlots[],
): SlotChoice | Refused {
  if (graph.unusable !== null) {
    return refuseUnusable(graph.unusable);
  }
  const slots = component?.slots ?? null;
  if (slots === null) {
    return {
      kind: 'slots',
      slots: keyspace.slots,
      isBound: false,
      split: null,
      boundBy: null,
      listed: null,
      reason: 'no key is given',
    };
  }
  return {
    kind: 'slots',
    slots: slots.length === 0 ? keyspace.slots.slice(0, 1) : slots,
    isBound: true,
    split: component?.split ?? null,
    boundBy: null,
    listed: component?.listed ?? null,
    reason: slots.length === 0 ? 'no row can match' : `by key ${graph.boundKeys}`,
  };
}

function chooseOfSeveral(
  keyspace: KeyspaceConfiguration,
  graph: KeyGraph,
  bound: readonly ComponentSlots[],
): SlotChoice | Refused {
  const slots = new Set(bound.flatMap((component) => component.slots ?? keyspace.slots));
  const [slot] = slots;
  const isOne = bound.every((component) => component.slots?.length === 1) && slots.size === 1;
  if (isOne && slot !== undefined) {
    return {
      kind: 'slots',
      slots: [slot],
      isBound: true,
      split: null,
      boundBy: null,
      listed: bound.find(({ listed }) => listed !== null)?.listed ?? null,
      reason: `by key ${graph.boundKeys}`,
    };
  }
  if (graph.unusable !== null) {
    return refuseUnusable(graph.unusable);
  }
  const names = [
    ...new Set(graph.components.flatMap(({ nodes }) => nodes.map((node) => graph.nodes[node]?.name))),
  ];
  const keys = graph.nodes.flatMap(({ key }) => (key === null ? [] : [`${key.table}.${key.column}`]));
  const isInner = graph.components.some(({ nodes }) => nodes.every(graph.isWithinExpression));
  return refuseUnsupported(
    `Rows of different slots would meet: of ${joined(names)}`,
    `${isInner ? 'Read the query within the statement on its own first, and write what it says into this one; or compare' : 'Compare'} each of ${joined([...new Set(keys)])} with one and the same value, or join the tables by these columns; ` +
      'or make the smaller table a Reference table',
  );
}

function refuseUnusable(name: string): Refused {
  return refuseUnsupported(
    `${name} is a view, or its key column is missing or of a type that is no key, so that its rows' slots are not known`,
    'SET shardwright_key to the key of the slot that is meant',
  );
}

function joined(names: readonly (string | undefined)[]): string {
  return names.filter((name) => name !== undefined).join(' and ');
}
