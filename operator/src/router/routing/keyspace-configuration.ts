import type { ConsistencyLevel, ShardMapKeyspace } from '../../api/v1alpha1/index.ts';
import { type KeyspaceLayout } from '../../core/keyspace/keyspace-layout.ts';
import { readRanges } from '../../core/keyspace/ranges.ts';
import { readSlotSet } from '../../core/keyspace/slot-set.ts';
import type { TableKind } from './catalog.ts';

/** A keyspace of the map, ready for routing. Immutable. */
export interface KeyspaceConfiguration {
  readonly name: string;
  readonly layout: KeyspaceLayout;
  /** Slots that exist, ascending. */
  readonly slots: readonly number[];
  /** Slots by shard, ascending. */
  readonly slotsByShard: ReadonlyMap<number, readonly number[]>;
  /** How a table of that name is kept, there or still to be made, and its key column in lower case if it is sharded. */
  table(name: string): TableConfiguration;
}

/** What the spec says of a table. */
export interface TableConfiguration {
  readonly kind: TableKind;
  /** Null for a sharded table for which the spec names no key: it cannot be routed. */
  readonly key: string | null;
  readonly consistency: ConsistencyLevel | null;
}

/**
 * Reads a keyspace of the map.
 * @throws SlotSetError and RangesError when the map is malformed.
 */
export function readKeyspace(keyspace: ShardMapKeyspace): KeyspaceConfiguration {
  const slotsByShard = new Map(keyspace.slotsByShard.map(({ shard, slots }) => [shard, readSlotSet(slots)]));
  const tables = new Map(
    keyspace.tables.map(({ name, key, type, consistency }): [string, TableConfiguration] => [
      name,
      {
        kind: type === undefined ? 'sharded' : type === 'Reference' ? 'reference' : 'unsharded',
        key: type === undefined ? lowerCase(key ?? keyspace.defaultKey) : null,
        consistency: consistency ?? null,
      },
    ]),
  );
  // A table that the spec does not name is cut by the default key; without one it is on one shard.
  const others: TableConfiguration =
    keyspace.defaultKey === undefined
      ? { kind: 'unsharded', key: null, consistency: null }
      : { kind: 'sharded', key: lowerCase(keyspace.defaultKey), consistency: null };
  return {
    name: keyspace.name,
    layout:
      keyspace.strategy === 'Range'
        ? { strategy: 'Range', ranges: readRanges(keyspace.ranges ?? []) }
        : { strategy: keyspace.strategy, slots: keyspace.slots },
    slots: [...slotsByShard.values()].flat().toSorted((left, right) => left - right),
    slotsByShard,
    table: (name) => tables.get(name) ?? others,
  };
}

function lowerCase(column: string | undefined): string | null {
  return column?.toLowerCase() ?? null;
}
