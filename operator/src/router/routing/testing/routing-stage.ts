/** A keyspace with tables, on which tests route statements. */
import type { ShardMapKeyspace } from '../../../api/v1alpha1/index.ts';
import type { KeyLiteral } from '../../../core/keyspace/key-literal.ts';
import { canonicalKey } from '../../../core/keyspace/canonical-key.ts';
import { slotOf } from '../../../core/keyspace/keyspace-layout.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { DEFAULT_PARSER_LIMITS, StatementParser } from '../../sql/statement-parser.ts';
import type { ParsedStatement } from '../../sql/parsed-statement.ts';
import { type Edit, rewriteStatement } from '../../sql/rewrite.ts';
import { catalogOf } from '../catalog-cache.ts';
import type { ColumnDescription, TableDescription } from '../catalog.ts';
import { readKeyRule } from '../../../core/keyspace/key-rule.ts';
import { decideRoute } from '../decide-route.ts';
import { type KeyspaceConfiguration, readKeyspace } from '../keyspace-configuration.ts';
import type { Route } from '../route.ts';
import type { RoutingInput, RoutingSession } from '../routing-input.ts';
import type { RoutingPlans } from '../routing-plan.ts';

/** Default settings of a client, on MariaDB 11.8. */
export const DIALECT: Dialect = {
  charset: 'utf8mb4',
  ansiQuotes: false,
  noBackslashEscapes: false,
  pipesAsConcat: false,
  highNotPrecedence: false,
  serverVersion: 110_802,
};

/** A session of nobody in particular. */
export const SESSION: RoutingSession = {
  schema: 'app',
  key: null,
  shard: null,
  allowsKeylessWrites: false,
  keepsZeroIds: false,
  functionText: (name) =>
    name === 'DATABASE' || name === 'SCHEMA' ? "'app'" : name === 'LAST_INSERT_ID' ? '77' : null,
};

const APP: ShardMapKeyspace = {
  name: 'app',
  strategy: 'ConsistentHash',
  placement: 'Balanced',
  slots: 16,
  defaultKey: 'user_id',
  tables: [
    { name: 'users', key: 'id' },
    { name: 'names', key: 'name' },
    { name: 'countries', type: 'Reference' },
    { name: 'settings', type: 'Unsharded', consistency: 'Eventual' },
  ],
  homeShard: 0,
  slotsByShard: [
    { shard: 0, slots: '0-7' },
    { shard: 1, slots: '8-15' },
  ],
  transactions: 'Single',
  consistency: 'Strong',
};

const EVENTS: ShardMapKeyspace = {
  ...APP,
  name: 'events',
  strategy: 'Range',
  slots: 3,
  defaultKey: 'at',
  tables: [],
  slotsByShard: [
    { shard: 0, slots: '0' },
    { shard: 1, slots: '1-2' },
  ],
  ranges: [{ slot: 0 }, { slot: 1, from: '100' }, { slot: 2, from: '200' }],
};

/** The keyspaces of the stage: `app` by hash, `events` by range. */
export const KEYSPACES: ReadonlyMap<string, KeyspaceConfiguration> = new Map(
  [APP, EVENTS].map((keyspace) => [keyspace.name, readKeyspace(keyspace)]),
);

/** A column: `name type`, with `auto_increment` behind where it has that. */
function column(text: string): ColumnDescription {
  const [name = '', columnType = '', extra] = text.split(' ');
  const dataType = columnType.replace(/\(.*/, '');
  return {
    name,
    dataType,
    columnType,
    collation: /char|text|enum/.test(dataType) ? 'utf8mb4_general_ci' : null,
    nullable: true,
    autoIncrement: extra === 'auto_increment',
    invisible: false,
    generated: false,
  };
}

/** A table of a keyspace as the catalog has it. */
export function describeTable(
  keyspace: KeyspaceConfiguration,
  name: string,
  columns: readonly string[],
): TableDescription {
  const { kind, key } = keyspace.table(name);
  const described = columns.map(column);
  const keyColumn = described.find((candidate) => candidate.name === key);
  return {
    name,
    kind,
    isView: name.startsWith('view_'),
    columns: described,
    primaryKey: [],
    key: key === null || keyColumn === undefined ? null : { column: key, rule: readKeyRule(keyColumn) },
  };
}

const TABLES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  app: {
    users: ['id bigint(20) auto_increment', 'email varchar(50)', 'country char(2)'],
    orders: [
      'id bigint(20) auto_increment',
      'user_id bigint(20)',
      'total decimal(10,2)',
      'state enum(1)',
      'note varchar(99)',
    ],
    items: ['order_id bigint(20)', 'user_id bigint(20)', 'product varchar(30)', 'price decimal(10,2)'],
    logs: ['user_id bigint(20)', 'line text', 'at datetime', 'weight float'],
    films: ['user_id bigint(20)', 'year year(4)', 'title varchar(40)'],
    tiny: ['id int(11) auto_increment', 'user_id bigint(20)'],
    keyless: ['a int(11)'],
    names: ['name varchar(40)', 'value int(11)'],
    countries: ['code char(2)', 'title varchar(60)'],
    settings: ['name varchar(20)', 'value varchar(20)'],
    view_orders: ['user_id bigint(20)', 'total decimal(10,2)'],
  },
  events: { readings: ['at bigint(20)', 'value double'] },
};

const CATALOG = catalogOf(
  new Map(
    [...KEYSPACES].map(([name, keyspace]) => [
      name,
      Object.entries(TABLES[name] ?? {}).map(([table, columns]) => describeTable(keyspace, table, columns)),
    ]),
  ),
);

/** What a test may set. */
export interface RoutingOptions {
  readonly session?: Partial<RoutingSession>;
  readonly parameters?: readonly KeyLiteral[];
  readonly input?: Partial<RoutingInput>;
}

const PARSER = new StatementParser<RoutingPlans>(DEFAULT_PARSER_LIMITS);

/** Reads a statement. */
export function parse(sql: string): ParsedStatement<RoutingPlans> {
  return PARSER.parse(Buffer.from(sql), DIALECT);
}

/** Routes a statement. */
export function route(sql: string, { session = {}, parameters, input = {} }: RoutingOptions = {}): Route {
  return decideRoute(parse(sql), {
    session: { ...SESSION, ...session },
    keyspaces: KEYSPACES,
    catalog: CATALOG,
    catalogIsFresh: false,
    parameter:
      parameters === undefined
        ? null
        : (index) => {
            const value = parameters[index];
            if (value === undefined) {
              throw new RangeError(`there is no parameter ${index}`);
            }
            return value;
          },
    firstGeneratedId: null,
    now: 1_800_000_000_123,
    ...input,
  });
}

/** Slot of a whole number in `app`. */
export function slot(key: number): number {
  const app = KEYSPACES.get('app');
  const canonical = canonicalKey(
    { kind: 'number', text: String(key) },
    { kind: 'integer', least: '-9223372036854775808', most: '9223372036854775807' },
  );
  if (app === undefined || canonical.kind === 'refused') {
    throw new Error('the stage has no such key');
  }
  return slotOf(app.layout, canonical);
}

/** A statement with edits, as the server gets it, but for white space that makes no difference. */
export function edited(sql: string, edits: readonly Edit[]): string {
  return rewriteStatement(parse(sql), edits)
    .toString()
    .replace(/\s+/g, ' ')
    .replace(/([.(]) /g, '$1')
    .replace(/ ([,)])/g, '$1')
    .trim();
}
