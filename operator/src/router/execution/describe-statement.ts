import { ClientError } from '../client/client-error.ts';
import type { BackendConnection, Preparation, Surroundings } from '../backend/backend-connection.ts';
import type { Place } from '../routing/route.ts';
import type { RoutingPlans } from '../routing/routing-plan.ts';
import type { ParsedStatement } from '../sql/parsed-statement.ts';
import { locate } from '../topology/topology.ts';
import { renameDefinition } from './client-columns.ts';
import { CollectingSink } from './collecting-sink.ts';
import { type DescribableText, describableText } from './describable-text.ts';
import type { Execution } from './execution.ts';
import { PRIMARY_READ } from './own-access.ts';

/**
 * What a server says of a statement that was not run: payloads of its columns' definitions, with the schemas that clients know, or its
 * own ERR packet.
 */
export type Description =
  | { readonly kind: 'described'; readonly columns: readonly Buffer[]; readonly warnings: number }
  | { readonly kind: 'refused'; readonly payload: Buffer };

/** Has a server prepare the statement in some slot. Of what the router answers itself no columns are known. */
export async function describeStatement(
  execution: Execution,
  parsed: ParsedStatement<RoutingPlans>,
  signal: AbortSignal,
): Promise<Description> {
  const target = describableText(execution, parsed);
  if (target === undefined) {
    const mistake =
      parsed.shape.kind === 'unknown' ? await findSyntaxError(execution, parsed, signal) : undefined;
    return mistake === undefined
      ? { kind: 'described', columns: [], warnings: 0 }
      : { kind: 'refused', payload: mistake };
  }
  const preparation = await prepareAt(execution, target, signal);
  if (preparation.kind === 'refused') {
    return { kind: 'refused', payload: preparation.payload };
  }
  const { columns, warnings } = preparation.statement;
  const { keyspaces } = execution.topology();
  return {
    kind: 'described',
    columns: columns.map((column) => renameDefinition(column, keyspaces)),
    warnings,
  };
}

/** ER_PARSE_ERROR */
const SYNTAX_ERROR = 1064;
/** Servers write what they are asked to prepare into their logs, and hide passwords only in what they understand. */
const MAY_HOLD_PASSWORD = /\b(?:IDENTIFIED|PASSWORD|USER|GRANT)\b/i;

/**
 * What a server says of a statement that the router has not understood, if it does not understand it either: its ERR packet. It
 * is prepared and never executed. Undefined where it does, where the text may hold a password, and where nobody can be asked.
 */
export async function findSyntaxError(
  execution: Execution,
  parsed: ParsedStatement<RoutingPlans>,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  if (MAY_HOLD_PASSWORD.test(parsed.sql.toString('latin1'))) {
    return undefined;
  }
  const { schema } = execution.session;
  // Without a database servers complain of that first.
  const place: Place =
    schema !== null && execution.topology().keyspaces.has(schema)
      ? { kind: 'unsharded', keyspace: schema }
      : { kind: 'anywhere', shard: null };
  let preparation: Preparation;
  try {
    preparation = await prepareAt(execution, { text: parsed.sql, place }, signal);
  } catch (error) {
    if (error instanceof ClientError) {
      return undefined;
    }
    throw error;
  }
  return preparation.kind === 'refused' && preparation.outcome.error?.errno === SYNTAX_ERROR
    ? preparation.payload
    : undefined;
}

async function prepareAt(
  execution: Execution,
  { text, place }: DescribableText,
  signal: AbortSignal,
): Promise<Preparation> {
  let preparation: Preparation | undefined;
  await execution.onShard(
    {
      locate: (topology) => locate(topology, place, (among) => execution.preferredShard(topology, among)),
      access: PRIMARY_READ,
      consistency: 'Strong',
      transactional: false,
      sink: () => new CollectingSink(),
      send: async (connection: BackendConnection, _sink, surroundings: Surroundings, limit) => {
        preparation = await connection.prepare(text, surroundings, limit);
        return preparation.kind === 'refused' ? preparation.outcome : PREPARED;
      },
    },
    signal,
  );
  if (preparation === undefined) {
    throw new RangeError('a statement was neither prepared nor refused');
  }
  return preparation;
}

/** An answer that was no statement's. */
const PREPARED = {
  error: undefined,
  inPrelude: false,
  completion: undefined,
  results: 0,
  changes: [],
  lastGtid: undefined,
} as const;
