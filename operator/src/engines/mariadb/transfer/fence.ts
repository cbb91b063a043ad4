/** Keeping everybody from a database at an exact moment, and giving it back. */
import type { Clock } from '../../../runtime/clock.ts';
import { EngineError } from '../../engine-error.ts';
import type { FenceOrder, FenceOutcome, SlotFence } from '../../slot-fence.ts';
import type { Connection, Statement } from '../connection.ts';
import { STATEMENT_TIMEOUT_MILLISECONDS } from '../roles.ts';
import { readServerFacts } from '../server-facts.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { giveDatabaseRights, selectDatabaseRights, toDatabaseRights } from './database-rights.ts';
import { FenceAttempt, InTheWay, namesOf, selectTables } from './fence-attempt.ts';
import { ensureFencesTable, FORGET_FENCE, selectFence, toFence } from './recorded-fences.ts';
import type { RightsTurns } from './rights-turns.ts';
import { runAllOn, runOn } from './run-statement.ts';

/** What a fence works with. */
export interface FenceAccess {
  readonly clock: Clock;
  readonly turns: RightsTurns;
  readonly connections: ConnectionPool;
}

/** See SlotFence. */
export function createSlotFence({ clock, turns, connections }: FenceAccess): SlotFence {
  const tools: Tools = { clock, connections, hasTable: false };
  return {
    prepare: (signal) => onTwo(tools, signal, (work) => ensureTable(tools, work, signal)),
    fence: (order, signal) => turns.fencing(order.database, () => fence(tools, order, signal)),
    unfence: (order, signal) => turns.fencing(order.database, () => unfence(tools, order, signal)),
  };
}

interface Tools {
  readonly clock: Clock;
  readonly connections: ConnectionPool;
  /** Whether the table of fences is known to be there. */
  hasTable: boolean;
}

/** What an attempt leaves behind: whether the fence stood before it, for then only a later revision of the map may end it. */
interface Failure {
  readonly stood: boolean;
  readonly error: unknown;
}

async function fence(tools: Tools, order: FenceOrder, signal: AbortSignal): Promise<FenceOutcome> {
  const start = tools.clock.monotonic();
  const outcome = await tools.connections.use(signal, (work) =>
    attempt(tools, work, { order, start }, signal),
  );
  if ('kind' in outcome) {
    return outcome;
  }
  const { stood, error } = outcome;
  if (!stood) {
    await letIn(tools, order);
  }
  if (error instanceof InTheWay) {
    return { kind: 'InTheWay', obstacle: error.obstacle };
  }
  throw error;
}

async function attempt(
  tools: Tools,
  work: Connection,
  { order, start }: { readonly order: FenceOrder; readonly start: number },
  signal: AbortSignal,
): Promise<FenceOutcome | Failure> {
  const { clock, connections } = tools;
  const { keyspace, database } = order;
  await ensureTable(tools, work, signal);
  const run = runOn(work, signal);
  const runAll = runAllOn(work, signal);
  let stood = true;
  try {
    // A failure ends the connection that holds the tables, and so lets go of them.
    return await connections.use(signal, async (lock) => {
      // Everything that can be asked is asked at once, and before anybody has to leave.
      const [[fences = [], rights = [], tables = []]] = await allEnded([
        runAll('read a fence, rights and tables', [
          selectFence(database),
          selectDatabaseRights(keyspace, database),
          selectTables(database),
        ]),
        requireOpen(lock, signal),
      ]);
      stood = toFence(fences) !== undefined;
      const found = { rights: toDatabaseRights(rights, keyspace), tables: namesOf(tables) };
      const made = new FenceAttempt(order, { clock, run, runAll, lock: runOn(lock, signal), start }, signal);
      // The server takes the record while sessions leave. It only keeps rights from being given.
      await allEnded([made.record(), made.awaitEmpty(start + order.sessionsMilliseconds)]);
      return { kind: 'Fenced', position: await made.takeRights(found) };
    });
  } catch (error) {
    return { stood, error };
  }
}

/** Gives the rights back. Not bound by the caller's signal: what was begun must not stay by halves. */
async function letIn({ connections }: Tools, { keyspace, database }: FenceOrder): Promise<void> {
  const { signal } = new AbortController();
  await connections.use(signal, async (connection) => {
    const runAll = runAllOn(connection, signal);
    const [rights = []] = await runAll('read rights', [selectDatabaseRights(keyspace, database)]);
    await runAll('give rights', [
      ...giveDatabaseRights(database, toDatabaseRights(rights, keyspace)),
      forgetFence(database),
    ]);
  });
}

async function unfence(
  tools: Tools,
  {
    keyspace,
    database,
    revision,
  }: { readonly keyspace: string; readonly database: string; readonly revision: number },
  signal: AbortSignal,
): Promise<void> {
  await onTwo(tools, signal, async (work, other) => {
    const runAll = runAllOn(work, signal);
    await ensureTable(tools, work, signal);
    const [[fences = [], rights = []]] = await allEnded([
      runAll('read a fence', [selectFence(database), selectDatabaseRights(keyspace, database)]),
      requireOpen(other, signal),
    ]);
    const recorded = toFence(fences);
    if (recorded !== undefined && recorded.revision >= revision) {
      throw new EngineError(
        'Refused',
        `${database} is fenced by revision ${recorded.revision} of the map, which is not older than ${revision}`,
      );
    }
    const statements = [
      ...giveDatabaseRights(database, toDatabaseRights(rights, keyspace)),
      ...(recorded === undefined ? [] : [forgetFence(database)]),
    ];
    if (statements.length > 0) {
      await runAll('give rights', statements);
    }
  });
}

function forgetFence(database: string): Statement {
  return { sql: FORGET_FENCE, values: [database] };
}

/** On two connections of its own. */
function onTwo<T>(
  { connections }: Tools,
  signal: AbortSignal,
  run: (work: Connection, other: Connection) => Promise<T>,
): Promise<T> {
  return connections.use(signal, (work) => connections.use(signal, (other) => run(work, other)));
}

/** Makes the table of fences where it is not known to be there. */
async function ensureTable(tools: Tools, work: Connection, signal: AbortSignal): Promise<void> {
  if (!tools.hasTable) {
    await requireOpen(work, signal);
    await ensureFencesTable(runOn(work, signal));
    tools.hasTable = true;
  }
}

/** Resolves when all have; where one fails, rejects with that once nothing is under way any more. */
async function allEnded<const Work extends readonly Promise<unknown>[]>(
  work: Work,
): Promise<{ -readonly [Index in keyof Work]: Awaited<Work[Index]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

async function requireOpen(connection: Connection, signal: AbortSignal): Promise<void> {
  const facts = await readServerFacts(connection, STATEMENT_TIMEOUT_MILLISECONDS, signal);
  if (facts.slave !== undefined || facts.readOnly) {
    throw new EngineError('Refused', 'a server that takes no writes has nothing to give or to take away');
  }
  if (facts.semiSyncMaster && facts.status.get('Rpl_semi_sync_master_clients') === '0') {
    throw new EngineError('Refused', 'commits wait for a replica, and none is connected');
  }
}
