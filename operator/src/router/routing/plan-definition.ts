/** CREATE, ALTER, DROP, RENAME, TRUNCATE, and maintenance of tables: wherever the tables are. */
import type { DefinitionNode, StatementParts } from '../sql/statement-shape.ts';
import { decideAccess } from './access.ts';
import type { TableKind } from './catalog.ts';
import { targetSlot } from './key-constraint.ts';
import type { KeyspaceConfiguration } from './keyspace-configuration.ts';
import type { MentionedTable } from './mentioned-tables.ts';
import { type KeyspaceTables, planRefusal, planTables } from './plan-tables.ts';
import { refuseSystemWrite } from './plan-change.ts';
import { qualifierEdits } from './qualifier-edits.ts';
import { refuseNoDatabase, refuseUnknownDatabase, refuseUnsupported, type Refused } from './refusal.ts';
import type { Place, RouteOf } from './route.ts';
import type { Plan, PlanContext } from './routing-plan.ts';

/** A definition. */
export type DefinitionShape = StatementParts & DefinitionNode;

type Databases = RouteOf<'definition'>['databases'];

/** Where the tables of each kind are, and in which kind of database the statement runs. */
const WHERE: Readonly<Record<TableKind, { readonly databases: Databases; readonly place: Place['kind'] }>> = {
  sharded: { databases: ['slots'], place: 'slot' },
  reference: { databases: ['shared'], place: 'shared' },
  unsharded: { databases: ['unsharded'], place: 'unsharded' },
};

/** Objects that belong to a keyspace and not to a table. */
const PROGRAMS: ReadonlySet<string> = new Set(['procedure', 'function', 'package']);

/** What is refused whatever it is about; the first that holds. */
const RULES: readonly ((shape: DefinitionShape) => Refused | null)[] = [
  ({ object, verb }) =>
    object === 'database'
      ? refuseUnsupported(
          `${verb} DATABASE: databases here are keyspaces of the cluster`,
          'Add the keyspace to spec.keyspaces of the ShardedCluster',
        )
      : null,
  ({ object, verb }) =>
    object === 'server' || object === 'tablespace'
      ? refuseUnsupported(
          `${verb} ${object.toUpperCase()}: files and connections of servers belong to the operator`,
          '',
        )
      : null,
  ({ object, verb }) =>
    object === 'event' && verb !== 'DROP'
      ? refuseUnsupported(
          'An event would run once in every slot',
          'Run it from outside: a CronJob that connects here',
        )
      : null,
  ({ object, verb }) =>
    object === 'sequence' && verb === 'CREATE'
      ? refuseUnsupported(
          'A sequence would count in every slot for itself',
          'Use AUTO_INCREMENT: the router generates ids',
        )
      : null,
];

/** Plans a definition. */
export function planDefinition(context: PlanContext, shape: DefinitionShape): Plan {
  for (const rule of RULES) {
    const refused = rule(shape);
    if (refused !== null) {
      return planRefusal(refused);
    }
  }
  if (shape.temporary) {
    return planTemporary(context, shape);
  }
  return planTables(context, {
    none: () => planProgram(context, shape),
    system: (schemas) => planRefusal(refuseSystemWrite(schemas)),
    keyspace: (found) => planOfTables(shape, found),
    isDefinition: true,
  });
}

function planOfTables(shape: DefinitionShape, { keyspace, tables }: KeyspaceTables): Plan {
  const defined = tables.filter(({ reference }) => reference.access === 'write');
  const kinds = new Set(defined.map(({ kind }) => kind));
  const [kind = kindOfReads(tables)] = kinds;
  const refused = refuseKinds(shape, tables, kinds) ?? refuseTable(shape, defined, keyspace);
  if (refused !== null) {
    return planRefusal(refused);
  }
  const { databases, place } = WHERE[shape.object === 'view' ? kindOfReads(tables) : kind];
  const edits = qualifierEdits(shape, keyspace.name, tables, place);
  const access = decideAccess(shape, tables);
  return () => ({
    kind: 'definition',
    keyspace: keyspace.name,
    databases,
    access,
    edits,
    tables: [...new Set(defined.map(({ reference }) => reference.name))],
    reason: `${kind} tables of ${keyspace.name}`,
  });
}

/** Where a view has to be: with the tables that it reads. */
function kindOfReads(tables: readonly MentionedTable[]): TableKind {
  const kinds = new Set(
    tables.filter(({ reference }) => reference.access === 'read').map(({ kind }) => kind),
  );
  return kinds.has('sharded')
    ? 'sharded'
    : kinds.has('unsharded')
      ? 'unsharded'
      : kinds.has('reference')
        ? 'reference'
        : (tables[0]?.kind ?? 'sharded');
}

function refuseKinds(
  shape: DefinitionShape,
  tables: readonly MentionedTable[],
  kinds: ReadonlySet<TableKind>,
): Refused | null {
  if (kinds.size > 1) {
    return refuseUnsupported(
      'The definition is about tables of which some are sharded and some are not',
      'Use one statement for each table',
    );
  }
  const reads = new Set(
    tables.filter(({ reference }) => reference.access === 'read').map(({ kind }) => kind),
  );
  if (shape.object === 'view' && reads.has('sharded') && reads.has('unsharded')) {
    return refuseUnsupported(
      'The view reads sharded tables and unsharded ones, which are on different shards',
      'Make the unsharded table a Reference table',
    );
  }
  const [kind] = kinds;
  const other = tables.find(
    (table) =>
      table.reference.access === 'read' &&
      table.kind !== kind &&
      (table.kind !== 'reference' || kind === undefined),
  );
  return kind !== undefined && other !== undefined && shape.object !== 'view'
    ? refuseUnsupported(
        `The ${kind} table of the definition refers to ${other.reference.name}, which is ${other.kind} and on other shards`,
        'Refer to tables of the same kind, or to Reference tables',
      )
    : null;
}

function refuseTable(
  shape: DefinitionShape,
  defined: readonly MentionedTable[],
  keyspace: KeyspaceConfiguration,
): Refused | null {
  if (shape.object !== 'table') {
    return null;
  }
  if (shape.query !== null) {
    return refuseUnsupported(
      'CREATE TABLE … SELECT would fill the table slot by slot',
      'Create the table first, and insert the rows then',
    );
  }
  const [table] = defined;
  const key = table?.configuration.key ?? null;
  if (table?.kind !== 'sharded' || shape.verb !== 'CREATE') {
    return null;
  }
  if (key === null) {
    return refuseUnsupported(
      `For the table ${table.reference.name} the keyspace ${keyspace.name} names no key column`,
      `Add it to spec.keyspaces[].tables of the ShardedCluster, with a key or a type; or set defaultKey`,
    );
  }
  return shape.like === null && !shape.columns.includes(key)
    ? refuseUnsupported(
        `The table ${table.reference.name} lacks the column ${key}, which decides in which slot a row is`,
        `Add the column ${key}; or name another key, or a type, for the table in spec.keyspaces[].tables of the ShardedCluster`,
      )
    : null;
}

/** Procedures and functions are in every slot, and with the unsharded tables. */
function planProgram({ schema, keyspaces }: PlanContext, shape: DefinitionShape): Plan {
  const name = shape.name?.schema ?? schema;
  if (name === null) {
    return planRefusal(refuseNoDatabase());
  }
  const keyspace = keyspaces.get(name);
  if (keyspace === undefined) {
    return planRefusal(refuseUnknownDatabase(name));
  }
  if (
    !PROGRAMS.has(shape.object) &&
    !(shape.verb === 'DROP' && (shape.object === 'trigger' || shape.object === 'event'))
  ) {
    return planRefusal(
      refuseUnsupported(`${shape.verb} ${shape.object.toUpperCase()} names no table`, 'Name the table'),
    );
  }
  const edits = qualifierEdits(shape, keyspace.name, [], 'slot');
  const access = decideAccess(shape, []);
  const isTrigger = shape.object === 'trigger';
  return () => ({
    kind: 'definition',
    keyspace: keyspace.name,
    databases: isTrigger ? ['slots'] : ['slots', 'unsharded'],
    access,
    edits,
    tables: [],
    reason: `${shape.object} in every slot of ${keyspace.name}`,
  });
}

/** A temporary table is one connection's: it needs a slot to be in. */
function planTemporary(context: PlanContext, shape: DefinitionShape): Plan {
  return planTables(context, {
    none: () => planRefusal(refuseNoDatabase()),
    system: (schemas) => planRefusal(refuseSystemWrite(schemas)),
    isDefinition: true,
    keyspace: ({ keyspace, tables }) => {
      const edits = qualifierEdits(shape, keyspace.name, tables, 'slot');
      const access = decideAccess(shape, tables);
      return (call) => {
        if (call.key === null) {
          return refuseUnsupported(
            'A temporary table would be in one slot only',
            'SET shardwright_key to the key of that slot',
          );
        }
        const slot = targetSlot(call.key, null, keyspace);
        return typeof slot === 'number'
          ? {
              kind: 'single',
              place: { kind: 'slot', keyspace: keyspace.name, slot },
              access,
              edits,
              generatedIds: null,
              reason: 'shardwright_key',
            }
          : slot;
      };
    },
  });
}
