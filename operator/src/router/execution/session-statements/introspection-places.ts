/** Where a server shows what is asked about a keyspace: a database that has it. */
import { assertNever } from '../../../runtime/assert-never.ts';
import { databaseOfSlot, sharedDatabase, unshardedDatabase } from '../../../core/keyspace/database-names.ts';
import type { Place } from '../../routing/route.ts';
import { clientError } from '../errors.ts';
import { SYSTEM_SCHEMAS } from '../system-schemas.ts';
import type { SessionStatements } from './session-statements.ts';

/** The databases that show what a keyspace is made of, and where all of them are. */
export function introspectionOf(
  { execution }: SessionStatements,
  keyspace: string,
): { readonly databases: readonly string[]; readonly place: Place } {
  const topology = execution.topology();
  const places = topology.places.get(keyspace);
  const configuration = topology.keyspaces.get(keyspace);
  if (places === undefined || configuration === undefined) {
    throw clientError('unknownDatabase', `Unknown database '${keyspace}'`);
  }
  const [slot] = configuration.slotsByShard.get(places.homeShard) ?? [];
  return {
    databases: [
      unshardedDatabase(keyspace),
      sharedDatabase(keyspace),
      ...(slot === undefined ? [] : [databaseOfSlot(keyspace, slot)]),
    ],
    place: { kind: 'unsharded', keyspace },
  };
}

/** Where one database shows what is asked about a whole keyspace: a slot, which has the sharded tables. */
export function placeOfSchema(statements: SessionStatements, named: string | null): Place {
  const { execution } = statements;
  const schema = named ?? execution.session.schema;
  if (schema === null) {
    throw clientError('noDatabase', 'No database selected');
  }
  return slotPlaceOf(statements, schema);
}

function slotPlaceOf({ execution }: SessionStatements, keyspace: string): Place {
  const configuration = execution.topology().keyspaces.get(keyspace);
  if (configuration === undefined) {
    if (SYSTEM_SCHEMAS.has(keyspace.toLowerCase())) {
      return { kind: 'anywhere', shard: null };
    }
    throw clientError('unknownDatabase', `Unknown database '${keyspace}'`);
  }
  const [slot] = configuration.slots;
  return slot === undefined ? { kind: 'unsharded', keyspace } : { kind: 'slot', keyspace, slot };
}

/** Where a table is, by how the map keeps it; of a sharded one, some slot. */
export function placeOfTable(statements: SessionStatements, named: string | null, table: string): Place {
  const { execution } = statements;
  const schema = named ?? execution.session.schema;
  if (schema === null) {
    throw clientError('noDatabase', 'No database selected');
  }
  const configuration = execution.topology().keyspaces.get(schema);
  const kind = configuration?.table(table).kind;
  switch (kind) {
    case 'reference':
      return { kind: 'shared', keyspace: schema, shard: null };
    case 'unsharded':
      return { kind: 'unsharded', keyspace: schema };
    case 'sharded':
    case undefined:
      return slotPlaceOf(statements, schema);
    default:
      return assertNever(kind);
  }
}
