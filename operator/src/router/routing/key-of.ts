import type { LiteralNode } from '../sql/expression.ts';
import type { KeyRule } from '../../core/keyspace/key-rule.ts';

/** A key column, for messages and look-ups. */
export interface KeyOf {
  readonly table: string;
  readonly column: string;
  readonly rule: KeyRule;
}

/** A value that is known once the statement's literals are. */
export type Constant =
  LiteralNode | { readonly kind: 'null' } | { readonly kind: 'boolean'; readonly value: boolean };
