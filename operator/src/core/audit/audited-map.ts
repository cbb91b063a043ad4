/** What the audit reads of a ShardMap. */
import type { RangeBound } from '../keyspace/ranges.ts';
import type { ShardSlots } from '../keyspace/slot-owners.ts';

/** Phases of a move, as the map has them. */
export type AuditedPhase = 'Copying' | 'Switching' | 'Soaking' | 'Returning' | 'Undoing' | 'Finishing';

/** A move that is under way. */
export interface AuditedMove {
  readonly keyspace: string;
  readonly unit: 'Slot' | 'Unsharded' | 'Reference';
  /** Of a move of a slot. */
  readonly slot?: number;
  /** What the slot is split into, on the shard that has it. */
  readonly split?: { readonly lower: number; readonly upper: number };
  readonly from: number;
  readonly to: number;
  readonly phase: AuditedPhase;
}

/** A keyspace of the map. */
export interface AuditedKeyspace {
  readonly name: string;
  readonly strategy: 'ConsistentHash' | 'Hash' | 'Range';
  readonly slots: number;
  readonly defaultKey?: string;
  readonly tables: readonly { readonly name: string; readonly key?: string; readonly type?: string }[];
  readonly homeShard: number;
  readonly slotsByShard: readonly ShardSlots[];
  /** Shards with copies of reference tables; where absent, those that have slots, and the home shard. */
  readonly referenceShards?: readonly number[];
  readonly ranges?: readonly RangeBound[];
}

/** The map. */
export interface AuditedMap {
  readonly shards: readonly { readonly number: number; readonly name: string }[];
  readonly keyspaces?: readonly AuditedKeyspace[];
  readonly moves?: readonly AuditedMove[];
}
