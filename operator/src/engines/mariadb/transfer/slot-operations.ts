/** Everything that a session offers for moves, each piece of work on connections of its own. */
import { randomInt } from 'node:crypto';
import type { Clock } from '../../../runtime/clock.ts';
import type { TlsFiles } from '../../member.ts';
import type { Source } from '../../source.ts';
import type { Position } from '../../position.ts';
import type { SlotOperations } from '../../slot-operations.ts';
import type { Connection } from '../connection.ts';
import { mergeGtidLists, parseGtidList, toPosition } from '../gtid.ts';
import { Reconnecting } from '../reconnecting.ts';
import { textOf } from '../slave-status.ts';
import { ConnectionPool } from './connection-pool.ts';
import { copyDatabase } from './copy.ts';
import { dropDatabase, forgetMove } from './drop.ts';
import { createSlotFence } from './fence.ts';
import { followSource } from './follow.ts';
import { inspectDatabase } from './inspect.ts';
import { localLogin, sourceLogin, trustIn } from './logins.ts';
import { readMiddleKey } from './middle-key.ts';
import { FIND_MOVE_PROGRESS, SELECT_MOVE_PROGRESS } from './move-progress.ts';
import { readHoldings } from './read-holdings.ts';
import { readDatabaseSizes } from './read-size.ts';
import type { RightsTurns } from './rights-turns.ts';
import { RowSession } from './row-session.ts';
import { runOn } from './run-statement.ts';
import { verifyDatabase } from './verify.ts';

/** What a primary received before it was one, and what it has written itself. */
const READ_END = 'SELECT @@global.gtid_slave_pos AS received, @@global.gtid_binlog_pos AS written';

/** What moves need of the session that offers them. */
export interface SlotOperationsContext {
  readonly socketPath: string;
  /** The agent's. */
  readonly password: string;
  readonly tls: TlsFiles;
  readonly clock: Clock;
  readonly turns: RightsTurns;
  /** The session's own connection: with its end, all work ends. */
  readonly control: Connection;
  /** Opens a further connection like it. */
  readonly open: (signal: AbortSignal) => Promise<Connection>;
}

/** See SlotOperations. */
export function createSlotOperations(context: SlotOperationsContext): SlotOperations {
  const { socketPath, password, tls, clock, turns, control, open } = context;
  const trust = trustIn(tls.authority);
  const connections = new ConnectionPool(control, open);
  const work = new Reconnecting(control, open);
  const figures = new Reconnecting(control, open);
  const ends = new Reconnecting(control, open);
  // The next run of the server must not get what was meant for this one.
  const session = new AbortController();
  void control.ended.then((reason) => session.abort(reason));
  const within = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, session.signal]);

  const openTarget = async (signal: AbortSignal): Promise<RowSession> =>
    RowSession.open(localLogin(socketPath, password, clock), 'Unreachable', signal);
  const openSource = async (source: Source, signal: AbortSignal): Promise<RowSession> =>
    RowSession.open(sourceLogin(source, trust, clock), 'SourceLost', signal);
  const onTarget = async <T>(
    signal: AbortSignal,
    run: (target: RowSession, signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const target = await openTarget(within(signal));
    try {
      return await run(target, within(signal));
    } finally {
      target.close();
    }
  };
  const onBoth = async <T>(
    source: Source,
    signal: AbortSignal,
    run: (ends: { source: RowSession; target: RowSession; clock: Clock }, signal: AbortSignal) => Promise<T>,
  ): Promise<T> =>
    onTarget(signal, async (target, ending) => {
      const there = await openSource(source, ending);
      try {
        return await run({ source: there, target, clock }, ending);
      } finally {
        there.close();
      }
    });

  return {
    transfer: {
      async readProgress(signal) {
        const run = runOn(await work.connection(signal), signal);
        if ((await run('look for the table of progress', FIND_MOVE_PROGRESS)).length === 0) {
          return [];
        }
        return (await run('read progress', SELECT_MOVE_PROGRESS)).map((row) => ({
          moveId: textOf(row, 'move_id'),
          database: textOf(row, 'database_name'),
          position: textOf(row, 'position') as Position,
        }));
      },
      copy: async (order, signal) =>
        onBoth(order.source, signal, async (ends, ending) => copyDatabase(ends, order, ending)),
      follow: (order, signal) =>
        followSource(
          {
            socketPath,
            agentPassword: password,
            trust,
            clock,
            chooseServerId: () => randomInt(2 ** 31, 2 ** 32 - 1),
          },
          order,
          within(signal),
        ),
      verify: async (order, signal) =>
        onBoth(order.source, signal, async (ends, ending) => verifyDatabase(ends, order, ending)),
      drop: async (database, moveId, signal) =>
        onTarget(signal, async (target, ending) => dropDatabase(target, database, moveId, ending)),
      forget: async (moveId, signal) =>
        onTarget(signal, async (target, ending) => forgetMove(target, moveId, ending)),
    },
    fence: createSlotFence({ clock, turns, connections }),
    async readEnd(signal) {
      const run = runOn(await ends.connection(signal), signal);
      const [row = {}] = await run('read the end', READ_END);
      return toPosition(
        mergeGtidLists(parseGtidList(textOf(row, 'received')), parseGtidList(textOf(row, 'written'))),
      );
    },
    measure: async (databases, signal) =>
      readDatabaseSizes(runOn(await figures.connection(signal), signal), databases),
    holdings: async (signal) => readHoldings(runOn(await figures.connection(signal), signal)),
    inspect: async (databases, signal) =>
      onTarget(signal, async (target, ending) => {
        const findings = [];
        for (const database of databases) {
          findings.push(...(await inspectDatabase(target, database, ending)));
        }
        return findings;
      }),
    middleKey: async (order, signal) =>
      onTarget(signal, async (target, ending) => readMiddleKey(target, order, ending)),
  };
}
