/** One MariaDB with the same rows twice: in a database as they are, and cut into the slots of a keyspace. */
import { assertNever } from '../../operator/src/runtime/assert-never.ts';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import type { ShardMapKeyspace } from '../../operator/src/api/v1alpha1/index.ts';
import {
  databaseOfSlot,
  sharedDatabase,
  unshardedDatabase,
} from '../../operator/src/core/keyspace/database-names.ts';
import type { Calculate } from '../../operator/src/router/merge/calculated-rows.ts';
import { MergeError } from '../../operator/src/router/merge/merge-error.ts';
import type { Arrangement, RowSource } from '../../operator/src/router/merge/merge-input.ts';
import type { MergePlan } from '../../operator/src/router/merge/merge-plan.ts';
import { mergeRows } from '../../operator/src/router/merge/merge-rows.ts';
import { catalogOf } from '../../operator/src/router/routing/catalog-cache.ts';
import { catalogQueries, readCatalogRows } from '../../operator/src/router/routing/catalog-reader.ts';
import type { Catalog } from '../../operator/src/router/routing/catalog.ts';
import { decideRoute } from '../../operator/src/router/routing/decide-route.ts';
import {
  type KeyspaceConfiguration,
  readKeyspace,
} from '../../operator/src/router/routing/keyspace-configuration.ts';
import type { Place, Route, RouteOf } from '../../operator/src/router/routing/route.ts';
import type { RoutingPlans } from '../../operator/src/router/routing/routing-plan.ts';
import { type Edit, rewriteStatement } from '../../operator/src/router/sql/rewrite.ts';
import { DEFAULT_PARSER_LIMITS, StatementParser } from '../../operator/src/router/sql/statement-parser.ts';
import type { ParsedStatement } from '../../operator/src/router/sql/parsed-statement.ts';
import { decodeTextRow, encodeTextRow } from '../../operator/src/wire/text-row.ts';
import { systemClock } from '../../operator/src/runtime/clock.ts';
import { makeLoopbackCertificate } from '../mariadb/certificates.ts';
import { confineCalls } from '../mariadb/confined-program.ts';
import { type PackagedMariadb, rootFileSystem } from '../mariadb/root-file-system.ts';
import { DatabaseServer } from '../router/database-server.ts';
import { type Answer, readAnswer } from './read-answer.ts';
import { findFreePorts } from '../cluster/control-plane/free-port.ts';

/** What became of a statement. */
export type Outcome =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly route: Route['kind'] }
  | { readonly kind: 'refused'; readonly message: string };

/** Where all rows are together. */
const WHOLE = 'whole';
const KEYSPACE = 'app';
const SLOTS = 4;

const MAP: ShardMapKeyspace = {
  name: KEYSPACE,
  strategy: 'ConsistentHash',
  placement: 'Balanced',
  slots: SLOTS,
  defaultKey: 'user_id',
  tables: [
    { name: 'users', key: 'id' },
    { name: 'countries', type: 'Reference' },
  ],
  homeShard: 0,
  slotsByShard: [{ shard: 0, slots: `0-${SLOTS - 1}` }],
  transactions: 'Single',
  consistency: 'Strong',
};

const CAPS = { rows: 1_000_000, bytes: 64 * 1024 * 1024, milliseconds: 60_000 };

/** The server and both ways to ask it. */
export class MergeStage {
  readonly #server: DatabaseServer;
  readonly #folder: string;
  readonly #serverVersion: number;
  readonly #keyspace: KeyspaceConfiguration = readKeyspace(MAP);
  readonly #parser = new StatementParser<RoutingPlans>(DEFAULT_PARSER_LIMITS);
  readonly #connections = new Map<string, Connection>();
  #catalog: Catalog = catalogOf(new Map());
  #merged = 0;

  constructor(server: DatabaseServer, folder: string, serverVersion: number) {
    this.#server = server;
    this.#folder = folder;
    this.#serverVersion = serverVersion;
  }

  /** Makes the databases and their tables: definitions go as a client would send them. */
  async begin(definitions: readonly string[]): Promise<void> {
    const databases = [
      WHOLE,
      sharedDatabase(KEYSPACE),
      unshardedDatabase(KEYSPACE),
      ...this.#keyspace.slots.map((slot) => databaseOfSlot(KEYSPACE, slot)),
    ];
    for (const database of databases) {
      await this.#server.query(`CREATE DATABASE \`${database}\``);
      const connection = await this.#server.connect(database);
      await connection.query('SET NAMES utf8mb4');
      this.#connections.set(database, connection);
    }
    for (const definition of definitions) {
      await this.whole(definition);
      const decided = this.#route(this.#parse(definition));
      if (decided.kind !== 'definition') {
        throw new Error(`no definition: ${definition}`);
      }
      for (const kind of decided.databases) {
        const names =
          kind === 'slots'
            ? this.#keyspace.slots.map((slot) => databaseOfSlot(KEYSPACE, slot))
            : [kind === 'shared' ? sharedDatabase(KEYSPACE) : unshardedDatabase(KEYSPACE)];
        for (const name of names) {
          await this.#run(name, definition);
        }
      }
    }
    await this.#loadCatalog();
  }

  async end(): Promise<void> {
    for (const connection of this.#connections.values()) {
      connection.destroy();
    }
    await this.#server.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Runs a write in both places. */
  async write(sql: string): Promise<void> {
    await this.whole(sql);
    const statement = this.#parse(sql);
    const decided = this.#route(statement);
    switch (decided.kind) {
      case 'single':
        await this.#run(databaseAt(decided.place), edited(statement, decided.edits));
        return;
      case 'split':
        for (const { slot, edits } of decided.parts) {
          await this.#run(databaseOfSlot(KEYSPACE, slot), edited(statement, edits));
        }
        return;
      case 'referenceWrite':
        await this.#run(sharedDatabase(KEYSPACE), edited(statement, decided.edits));
        return;
      default:
        throw new Error(`${sql} is not run: ${JSON.stringify(decided)}`);
    }
  }

  /** The answer of the one database with all rows. */
  whole(sql: string): Promise<Answer> {
    return this.#run(WHOLE, sql);
  }

  /** The answer by way of the slots. */
  async scattered(sql: string): Promise<Outcome> {
    const statement = this.#parse(sql);
    const decided = this.#route(statement);
    switch (decided.kind) {
      case 'refused':
        return { kind: 'refused', message: decided.message };
      case 'single':
        return {
          kind: 'answer',
          answer: await this.#run(databaseAt(decided.place), edited(statement, decided.edits)),
          route: 'single',
        };
      case 'scatter': {
        const sources: RowSource[] = [];
        for (const { slot, edits } of decided.parts) {
          sources.push(sourceOf(await this.#run(databaseOfSlot(KEYSPACE, slot), edited(statement, edits))));
        }
        try {
          return {
            kind: 'answer',
            answer: await merge(
              decided.plan,
              sources,
              this.#arrangement(decided.plan),
              this.#calculator(statement, decided),
            ),
            route: 'scatter',
          };
        } catch (error) {
          if (error instanceof MergeError) {
            return { kind: 'refused', message: error.message };
          }
          throw error;
        }
      }
      default:
        throw new Error(`${sql} is not run: ${JSON.stringify(decided)}`);
    }
  }

  /** Has the first slot's database calculate. */
  #calculator(statement: ParsedStatement<RoutingPlans>, route: RouteOf<'scatter'>): Calculate {
    const { parts, template = [], named = template } = route;
    return async ({ needsColumns, around }) => {
      const database = databaseOfSlot(KEYSPACE, parts[0]?.slot ?? 0);
      const own = needsColumns ? await this.#run(database, edited(statement, named)) : null;
      const text = edited(statement, template);
      const made =
        around === null ? null : await this.#run(database, `${around.before}${text}${around.after}`);
      return { named: own?.columns ?? [], columns: made?.columns ?? [], rows: made?.rows ?? [] };
    };
  }

  /** Groups are merged in both ways, in turn. */
  #arrangement({ rows }: MergePlan): Arrangement {
    this.#merged += 1;
    return rows.kind === 'group' && this.#merged % 2 === 0 ? 'mixed' : 'bySlot';
  }

  #parse(sql: string): ParsedStatement<RoutingPlans> {
    return this.#parser.parse(Buffer.from(sql), {
      charset: 'utf8mb4',
      ansiQuotes: false,
      noBackslashEscapes: false,
      pipesAsConcat: false,
      highNotPrecedence: false,
      serverVersion: this.#serverVersion,
    });
  }

  #route(statement: ParsedStatement<RoutingPlans>): Route {
    return decideRoute(statement, {
      session: {
        schema: KEYSPACE,
        key: null,
        shard: null,
        allowsKeylessWrites: true,
        keepsZeroIds: false,
        functionText: () => null,
      },
      keyspaces: new Map([[KEYSPACE, this.#keyspace]]),
      catalog: this.#catalog,
      catalogIsFresh: true,
      parameter: null,
      firstGeneratedId: null,
      now: Date.now(),
    });
  }

  async #loadCatalog(): Promise<void> {
    const tables = [];
    for (const query of catalogQueries(this.#keyspace)) {
      const { rows } = await this.#run(WHOLE, query.sql);
      const texts = rows.map((row) => row.map((field) => field?.toString() ?? null));
      tables.push(...readCatalogRows(this.#keyspace, query.kind, texts));
    }
    this.#catalog = catalogOf(new Map([[KEYSPACE, tables]]));
  }

  async #run(database: string, sql: string): Promise<Answer> {
    const connection = this.#connections.get(database);
    if (connection === undefined) {
      throw new Error(`there is no database ${database}`);
    }
    return readAnswer(connection, sql).catch((error: unknown) => {
      throw new Error(`${database}: ${sql}`, { cause: error });
    });
  }
}

/** Makes the stage; nothing of it runs yet. */
export async function createMergeStage(packaged: PackagedMariadb): Promise<MergeStage> {
  const folder = await mkdtemp(join(tmpdir(), 'shardwright-merge-'));
  const shared = join(folder, 'shared');
  await mkdir(shared);
  const [port = 0] = await findFreePorts(1);
  const server = new DatabaseServer({
    pod: 'merge',
    shard: 0,
    serverId: 1,
    port,
    folder: join(shared, 'server'),
    tls: await makeLoopbackCertificate(join(shared, 'tls')),
    confineCall: await confineCalls(await rootFileSystem(packaged), shared),
  });
  await server.initialise();
  await server.start();
  return new MergeStage(server, folder, packaged.version === '10.11' ? 101_100 : 110_800);
}

function edited(statement: ParsedStatement<RoutingPlans>, edits: readonly Edit[]): string {
  return rewriteStatement(statement, edits).toString();
}

function databaseAt(place: Place): string {
  switch (place.kind) {
    case 'slot':
      return databaseOfSlot(KEYSPACE, place.slot);
    case 'shared':
      return sharedDatabase(KEYSPACE);
    case 'unsharded':
      return unshardedDatabase(KEYSPACE);
    case 'anywhere':
      return WHOLE;
    default:
      return assertNever(place);
  }
}

/** Rows per packet that a source hands on: few, so that merges have to read again and again. */
const BATCH_ROWS = 3;

function sourceOf({ columns, rows }: Answer): RowSource {
  let next = 0;
  return {
    open: () => Promise.resolve(columns),
    read: () => {
      const batch = rows.slice(next, next + BATCH_ROWS).map(encodeTextRow);
      next += BATCH_ROWS;
      return Promise.resolve(batch.length === 0 ? null : batch);
    },
  };
}

async function merge(
  plan: MergePlan,
  sources: readonly RowSource[],
  arrangement: Arrangement,
  calculate: Calculate,
): Promise<Answer> {
  const merged = await mergeRows({
    plan,
    sources,
    arrangement,
    caps: CAPS,
    clock: systemClock,
    calculate,
    signal: new AbortController().signal,
  });
  const rows: (readonly (Buffer | null)[])[] = [];
  for await (const batch of merged.batches) {
    rows.push(...batch.map((payload) => decodeTextRow(payload, merged.columns.length)));
  }
  return { columns: merged.columns, rows };
}
