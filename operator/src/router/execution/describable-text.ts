/** What a server is asked to prepare when a client prepares: the statement as it would run in some slot. */
import { databaseOfSlot, sharedDatabase, unshardedDatabase } from '../../core/keyspace/database-names.ts';
import type { Place } from '../routing/route.ts';
import type { RoutingPlans } from '../routing/routing-plan.ts';
import type { ParsedStatement } from '../sql/parsed-statement.ts';
import { type Edit, rewriteStatement } from '../sql/rewrite.ts';
import type { Execution } from './execution.ts';
import { quoteName } from './participants.ts';
import { SYSTEM_SCHEMAS } from './system-schemas.ts';
import { systemSchemaText } from './system-schema-text.ts';

const DESCRIBED: ReadonlySet<string> = new Set(['select', 'insert', 'update', 'delete', 'do', 'call']);

/** A text and where a server can prepare it. */
export interface DescribableText {
  readonly text: Buffer;
  readonly place: Place;
}

/**
 * The text with every table named by its database; undefined for statements that the router answers itself, of which nothing is
 * known before they run.
 */
export function describableText(
  execution: Execution,
  parsed: ParsedStatement<RoutingPlans>,
): DescribableText | undefined {
  const { shape } = parsed;
  if (!DESCRIBED.has(shape.kind)) {
    return undefined;
  }
  const topology = execution.topology();
  const current = execution.session.schema;
  const [first] = shape.tables;
  const keyspace = shape.tables
    .map(({ schema }) => schema ?? current)
    .find((name) => topology.keyspaces.has(name ?? ''));
  if (keyspace === undefined || keyspace === null) {
    const isSystem = first !== undefined && SYSTEM_SCHEMAS.has((first.schema ?? current ?? '').toLowerCase());
    return {
      text: isSystem ? systemSchemaText(execution, { parsed }, []) : parsed.sql,
      place: { kind: 'anywhere', shard: null },
    };
  }
  const configuration = topology.keyspaces.get(keyspace);
  const home = topology.places.get(keyspace)?.homeShard ?? 0;
  const slot = configuration?.slotsByShard.get(home)?.[0] ?? configuration?.slots[0] ?? 0;
  const edits = shape.tables.flatMap(({ schema, name, tokens }): Edit[] => {
    if ((schema ?? current) !== keyspace) {
      return [];
    }
    const kind = configuration?.table(name).kind ?? 'sharded';
    const database =
      kind === 'reference'
        ? sharedDatabase(keyspace)
        : kind === 'unsharded'
          ? unshardedDatabase(keyspace)
          : databaseOfSlot(keyspace, slot);
    return [{ tokens, text: `${quoteName(database)}.${quoteName(name)}` }];
  });
  const qualifiers = shape.qualifiers
    .filter(({ schema, of }) => schema === keyspace && of !== 'table')
    .map(({ tokens }): Edit => ({ tokens, text: '' }));
  return {
    text: rewriteStatement(parsed, [...edits, ...qualifiers]),
    place: { kind: 'slot', keyspace, slot },
  };
}
