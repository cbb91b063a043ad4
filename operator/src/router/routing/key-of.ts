import type { KeyRule } from '../../core/keyspace/key-rule.ts';

/** A key column, for messages and look-ups. */
export interface KeyOf {
  readonly table: string;
  readonly column: string;
  readonly rule: KeyRule;
}
