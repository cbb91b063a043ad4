/** Statements that are about tables, and neither rows nor definitions. */
import { decideAccess } from './access.ts';
import { targetSlot } from './key-constraint.ts';
import type { KeyspaceConfiguration } from './keyspace-configuration.ts';
import { planRefusal, planTables } from './plan-tables.ts';
import { qualifierEdits } from './qualifier-edits.ts';
import { refuseNoDatabase, refuseUnknownDatabase, refuseUnsupported } from './refusal.ts';
import type { Access, Place, Route } from './route.ts';
import type { MentionedTable } from './mentioned-tables.ts';
import type { Plan, PlanContext, RoutingCall } from './routing-plan.ts';

/** What to do about tables of a keyspace. */
interface KeyspaceCall {
  readonly keyspace: KeyspaceConfiguration;
  readonly access: Access;
  readonly edits: ReturnType<typeof qualifierEdits>;
}

function single({ access, edits }: KeyspaceCall, place: Place, reason: string): Route {
  return { kind: 'single', place, access, edits, generatedIds: null, reason };
}

/** The slot of shardwright_key, or a refusal without one. */
function inChosenSlot(call: RoutingCall, about: KeyspaceCall, what: string): Route {
  if (call.key === null) {
    return refuseUnsupported(
      `${what} needs to know its slot`,
      'SET shardwright_key to the key of the slot that is meant',
    );
  }
  const slot = targetSlot(call.key, null, about.keyspace);
  return typeof slot === 'number'
    ? single(about, { kind: 'slot', keyspace: about.keyspace.name, slot }, 'shardwright_key')
    : slot;
}

/** CALL: the body of a procedure is not read. */
export function planCall({ schema, keyspaces, shape }: PlanContext, written: string | null): Plan {
  const name = written ?? schema;
  if (name === null) {
    return planRefusal(refuseNoDatabase());
  }
  const keyspace = keyspaces.get(name);
  if (keyspace === undefined) {
    return planRefusal(refuseUnknownDatabase(name));
  }
  const about = { keyspace, access: decideAccess(shape, []), edits: qualifierEdits(shape, name, [], 'slot') };
  return (call) => inChosenSlot(call, about, 'CALL');
}

/** DO: expressions without tables, for their side effects. */
export function planDo({ shape }: PlanContext): Plan {
  if (shape.tables.length > 0) {
    return planRefusal(refuseUnsupported('DO reads tables', 'Use SELECT'));
  }
  const access = decideAccess(shape, []);
  return (call) => ({
    kind: 'single',
    place: { kind: 'anywhere', shard: call.shard },
    access,
    edits: [],
    generatedIds: null,
    reason: 'no table is mentioned',
  });
}

/** LOCK TABLES, HANDLER: of unsharded tables, or in one slot. */
export function planWithinOneDatabase(context: PlanContext, what: string): Plan {
  const { shape } = context;
  return planTables(context, {
    none: () => planRefusal(refuseUnsupported(`${what} names no table`, 'Name the table')),
    system: (schemas) => planRefusal(refuseUnsupported(`${what} of tables of ${schemas.join(', ')}`, '')),
    keyspace: ({ keyspace, tables, kind }) => {
      const access = decideAccess(shape, tables);
      if (kind === 'unsharded') {
        const edits = qualifierEdits(shape, keyspace.name, tables, 'unsharded');
        return () =>
          single(
            { keyspace, access, edits },
            { kind: 'unsharded', keyspace: keyspace.name },
            'only unsharded tables',
          );
      }
      const refused = refuseOneDatabase(tables, what);
      if (refused !== null) {
        return planRefusal(refused);
      }
      const edits = qualifierEdits(shape, keyspace.name, tables, 'slot');
      return (call) => inChosenSlot(call, { keyspace, access, edits }, what);
    },
  });
}

function refuseOneDatabase(
  tables: readonly MentionedTable[],
  what: string,
): ReturnType<typeof refuseUnsupported> | null {
  const reference = tables.find((table) => table.kind === 'reference' && table.reference.access === 'write');
  if (reference !== undefined) {
    return refuseUnsupported(
      `${what} would change one copy of the Reference table ${reference.reference.name}`,
      'Use INSERT, UPDATE and DELETE',
    );
  }
  return null;
}

/** ANALYZE, CHECK, OPTIMIZE, REPAIR TABLE: wherever the tables are. */
export function planMaintenance(context: PlanContext, verb: string): Plan {
  const { shape } = context;
  return planTables(context, {
    none: () => planRefusal(refuseUnsupported(`${verb} names no table`, 'Name the table')),
    system: (schemas) => planRefusal(refuseUnsupported(`${verb} of tables of ${schemas.join(', ')}`, '')),
    keyspace: ({ keyspace, tables, kind }) => {
      if (tables.some((table) => table.kind !== kind)) {
        return planRefusal(
          refuseUnsupported(`${verb} of tables of different kinds`, 'Use one statement for each table'),
        );
      }
      const place = kind === 'sharded' ? 'slot' : kind === 'reference' ? 'shared' : 'unsharded';
      const databases = kind === 'sharded' ? 'slots' : kind === 'reference' ? 'shared' : 'unsharded';
      const edits = qualifierEdits(shape, keyspace.name, tables, place);
      const access = decideAccess(shape, tables);
      return () => ({
        kind: 'definition',
        keyspace: keyspace.name,
        databases: [databases],
        access,
        edits,
        tables: [],
        reason: `${kind} tables of ${keyspace.name}`,
      });
    },
  });
}
