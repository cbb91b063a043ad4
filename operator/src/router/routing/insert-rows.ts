/** The slots of the rows of an INSERT. */
import type { InsertRow } from '../sql/statement-shape.ts';
import { bindSlots } from './bind-slots.ts';
import type { TableDescription } from './catalog.ts';
import { constantOf, type KeyOf, storedSlot, targetSlot } from './key-constraint.ts';
import type { KeyGraph } from './key-graph.ts';
import type { KeyspaceConfiguration } from './keyspace-configuration.ts';
import { refuse, refuseUnsupported, type Refused } from './refusal.ts';
import type { RoutingCall } from './routing-plan.ts';

/** What a row goes into. */
export interface RowContext {
  readonly key: KeyOf;
  readonly keyPosition: number;
  readonly table: TableDescription;
  readonly keyspace: KeyspaceConfiguration;
  /** Generated id that is the row's key. */
  readonly id: bigint | undefined;
}

/** The slot of a row. */
export function slotOfRow(
  { values }: RoutingCall,
  row: InsertRow,
  { key, keyPosition, table, keyspace, id }: RowContext,
): number | Refused {
  if (id !== undefined) {
    const literal = { kind: 'number', text: String(id) } as const;
    return targetSlot(literal, key, keyspace);
  }
  const value = keyPosition < 0 ? undefined : row.values[keyPosition];
  if (value === undefined) {
    // ER_NO_DEFAULT_FOR_FIELD, ER_WRONG_VALUE_COUNT_ON_ROW
    return keyPosition < 0
      ? refuse({
          errno: 1364,
          sqlState: 'HY000',
          message: `The INSERT gives no value to ${table.name}.${key.column}, the column that decides in which slot a row is`,
          hint: `Add ${key.column} to its columns`,
        })
      : refuse({
          errno: 1136,
          sqlState: '21S01',
          message: "Column count doesn't match value count",
          hint: '',
        });
  }
  const constant = constantOf(value);
  return constant === null
    ? refuseUnsupported(
        `The INSERT gives ${table.name}.${key.column}, the column that decides in which slot a row is, no plain value`,
        'Calculate the value before, and write it as a number or a quoted text',
      )
    : storedSlot(constant, key, keyspace, values);
}

/** Refuses rows of another slot than the one that was chosen. */
export function refuseOtherSlot(
  call: RoutingCall,
  slots: readonly number[],
  key: KeyOf,
  keyspace: KeyspaceConfiguration,
): Refused | null {
  const target = call.key === null ? null : targetSlot(call.key, key, keyspace);
  if (target === null || typeof target !== 'number') {
    return target;
  }
  return slots.every((slot) => slot === target)
    ? null
    : refuseUnsupported(
        'The INSERT has rows of another slot than that of shardwright_key',
        'SET shardwright_key to the key of the rows, or to DEFAULT',
      );
}

/** Refuses queries within the values that read another slot than that of the rows. */
export function refuseOtherReads(
  call: RoutingCall,
  reads: KeyGraph,
  slots: readonly number[],
  keyspace: KeyspaceConfiguration,
): Refused | null {
  if (reads.components.length === 0) {
    return null;
  }
  const choice = bindSlots(call, keyspace, reads);
  if (choice.kind === 'refused') {
    return choice;
  }
  return choice.slots.length === 1 && slots.every((slot) => slot === choice.slots[0])
    ? null
    : refuseUnsupported(
        'A query within the values reads another slot than that of its row',
        'Compare the key in the query with the key of the row',
      );
}
