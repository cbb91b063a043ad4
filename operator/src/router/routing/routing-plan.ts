/** Plans: what is decided once for all statements with the same digest, and what is left for each of them. */
import type { ParsedStatement } from '../sql/parsed-statement.ts';
import type { StatementShape } from '../sql/statement-shape.ts';
import type { Catalog } from './catalog.ts';
import type { ConstantValues } from './key-constraint.ts';
import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import type { KeyspaceConfiguration } from './keyspace-configuration.ts';
import type { Route } from './route.ts';
import type { RoutingInput } from './routing-input.ts';
import type { StatementHint } from './statement-hint.ts';

/** One statement to be routed, with its literals. */
export interface RoutingCall {
  readonly statement: ParsedStatement<RoutingPlans>;
  readonly input: RoutingInput;
  readonly hint: StatementHint;
  readonly values: ConstantValues;
  /** The hint's key or the session's. */
  readonly key: KeyLiteral | null;
  readonly shard: number | null;
  readonly allowsKeylessWrites: boolean;
}

/** Routes a statement of the shape it was made for. */
export type Plan = (call: RoutingCall) => Route;

/** What a plan is made from. */
export interface PlanContext {
  /** The first statement with this digest; plans must not depend on its literals. */
  readonly statement: ParsedStatement<RoutingPlans>;
  readonly shape: StatementShape;
  readonly digest: string;
  /** The session's current database. */
  readonly schema: string | null;
  readonly keyspaces: ReadonlyMap<string, KeyspaceConfiguration>;
  readonly catalog: Catalog;
}

/** The plans of one digest, valid for one map and one catalog; by current database. */
export interface RoutingPlans {
  readonly keyspaces: ReadonlyMap<string, KeyspaceConfiguration>;
  readonly catalog: Catalog;
  readonly bySchema: Map<string | null, Plan>;
}
