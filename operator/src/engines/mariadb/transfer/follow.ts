/** The tail of moves: what changes at the source is repeated here, for ever. */
import { aborted, abortReason } from '../../../runtime/abort.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { ServerTrust } from '../../../wire/login/server-trust.ts';
import { EngineError } from '../../engine-error.ts';
import type { Position } from '../../position.ts';
import type { FollowOrder, Tail, TailHold } from '../../slot-transfer.ts';
import { parseGtidList } from '../gtid.ts';
import { openBinlogStream } from './binlog-stream.ts';
import { decideAfterFailure, type RunManner } from './decide-after-failure.ts';
import { FollowedDatabases } from './followed-databases.ts';
import { localLogin, sourceLogin } from './logins.ts';
import {
  CREATE_MOVE_PROGRESS,
  FIND_MOVE_PROGRESS,
  recordStartStatement,
  SELECT_MOVE_PROGRESS,
} from './move-progress.ts';
import { PartEvents } from './part-events.ts';
import { partKeysQuery, readPartKeys } from './part-keys.ts';
import { ReplaySession } from './replay-session.ts';
import { TailGate } from './tail-gate.ts';
import { TailRun } from './tail-run.ts';

/** What a tail needs of the member it runs beside. */
export interface FollowContext {
  readonly socketPath: string;
  /** The agent's. */
  readonly agentPassword: string;
  readonly trust: ServerTrust;
  readonly clock: Clock;
  /** A number from 1 to 2^32 - 1 by which the source knows the tail, and nobody else. */
  readonly chooseServerId: () => number;
}

/** Follows a source; see `SlotTransfer.follow`. Begins at once. */
export function followSource(context: FollowContext, order: FollowOrder, signal: AbortSignal): Tail {
  const databases = new FollowedDatabases(order.databases);
  const gate = new TailGate();
  const ended = runForEver(context, order, { databases, gate }, signal).catch((error: unknown) => {
    const reason = signal.aborted ? abortReason(signal) : asError(error);
    gate.fail(reason);
    throw reason;
  });
  // Whoever holds the tail learns of its end as well; nobody has to look here.
  ended.catch(() => {});
  return {
    ended,
    async hold(holdSignal) {
      const release = await gate.hold(holdSignal);
      return holdOf(databases, gate, release);
    },
  };
}

interface TailParts {
  readonly databases: FollowedDatabases;
  readonly gate: TailGate;
}

/** Begins anew after what a new beginning mends: at what is recorded, so that nothing is lost or done twice. */
async function runForEver(
  context: FollowContext,
  order: FollowOrder,
  parts: TailParts,
  signal: AbortSignal,
): Promise<never> {
  let manner: RunManner = { apart: false, largePackets: false, failures: 0 };
  for (;;) {
    const before = parts.databases.start();
    try {
      await runOnce(context, order, parts, manner, signal);
    } catch (error) {
      signal.throwIfAborted();
      const hasAdvanced = parts.databases.isPast(before);
      const decision = decideAfterFailure(error, manner, hasAdvanced);
      if (decision.kind === 'end') {
        throw error;
      }
      for (const database of decision.stopped) {
        const moveId = parts.databases.remove(database);
        if (moveId !== undefined) {
          order.onStopped(moveId, asError(error));
        }
      }
      manner = decision.manner;
      await context.clock.sleep(decision.delayMilliseconds, signal);
    }
  }
}

async function runOnce(
  context: FollowContext,
  order: FollowOrder,
  { databases, gate }: TailParts,
  manner: RunManner,
  signal: AbortSignal,
): Promise<never> {
  const { socketPath, agentPassword, trust, clock, chooseServerId } = context;
  if (databases.names().length === 0) {
    gate.rest(databases.start());
    await aborted(signal);
    throw abortReason(signal);
  }
  const local = localLogin(socketPath, agentPassword, clock);
  const session = await ReplaySession.open({ login: local, ...manner }, signal);
  try {
    await adoptProgress(session, databases, signal);
    const parts = await readParts(session, databases, signal);
    const stream = await openBinlogStream(
      {
        login: sourceLogin(order.source, trust, clock),
        after: databases.start(),
        serverId: chooseServerId(),
        clock,
      },
      signal,
    );
    try {
      return await new TailRun({ stream, session, databases, parts, gate, events: order, clock }).run(signal);
    } finally {
      stream.close();
    }
  } finally {
    session.close();
  }
}

/** Keys are read anew with each run: tables keep their definitions while they are followed, or end it. */
async function readParts(
  session: ReplaySession,
  databases: FollowedDatabases,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, PartEvents>> {
  const parts = new Map<string, PartEvents>();
  for (const [database, here] of databases.others()) {
    const keys =
      here.rows === null
        ? new Map()
        : readPartKeys(
            await session.select('read the key columns', partKeysQuery(here.database), signal),
            here.rows,
          );
    parts.set(database, new PartEvents(here, keys));
  }
  return parts;
}

/** What is recorded of moves counts, and what is not yet is. */
async function adoptProgress(
  session: ReplaySession,
  databases: FollowedDatabases,
  signal: AbortSignal,
): Promise<void> {
  const tables = await session.select('look for the table of progress', FIND_MOVE_PROGRESS, signal);
  if (tables.length === 0) {
    await session.execute('make the table of progress', CREATE_MOVE_PROGRESS, signal);
  }
  const rows = await session.select('read progress', SELECT_MOVE_PROGRESS, signal);
  const recorded = new Map(rows.map(([moveId, , position]) => [moveId ?? '', (position ?? '') as Position]));
  const missing = databases.takeRecorded(recorded);
  for (const { moveId, database, after } of missing) {
    await session.execute('begin progress', recordStartStatement(moveId, database, after), signal);
    recorded.set(moveId, after);
  }
  databases.takeRecorded(recorded);
}

function holdOf(databases: FollowedDatabases, gate: TailGate, release: () => void): TailHold {
  return {
    position(moveId) {
      const position = databases.position(moveId);
      if (position === undefined) {
        throw new EngineError('Refused', `move ${moveId} is not followed`);
      }
      return position;
    },
    async advance(position, signal) {
      const list = parseGtidList(position);
      if (databases.isPast(list)) {
        throw new EngineError('Refused', `a database is past ${position} already`);
      }
      await gate.advance(list, signal);
    },
    release,
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
