/** Taking rights away at the moment of a switch, giving them, and removing what nobody has rights on any more. */
import type { ShardMapMove } from '../../api/v1alpha1/index.ts';
import { databaseOfMove } from './move-database.ts';
import type { MoveTaskContext } from './move-task-context.ts';

/** Of the time that a switch may take, what sessions get to leave by themselves, and what all of the fence gets. */
const FENCE_BUDGET = { sessionsMilliseconds: 300, totalMilliseconds: 700 };

/** Ends all use of a database by users, and tells up to where there is anything; or who is in the way. */
export async function fence(
  context: MoveTaskContext,
  move: ShardMapMove,
  signal: AbortSignal,
): Promise<void> {
  const { attempt, keyspace } = move;
  const { clock, logger } = context;
  const database = databaseOfMove(move);
  const start = clock.monotonic();
  const outcome = await context.slots.fence.fence(
    { keyspace, database, attempt, revision: context.revision(), ...FENCE_BUDGET },
    signal,
  );
  const milliseconds = Math.round(clock.monotonic() - start);
  const record = context.record(move.id);
  if (record === undefined) {
    return;
  }
  if (outcome.kind === 'Fenced') {
    record.fenced = { attempt, position: outcome.position };
    record.error = null;
    logger.info('users have no rights on a database any more', { move: move.id, attempt, milliseconds });
  } else {
    const { kind, message } = outcome.obstacle;
    record.blocked = { attempt, message };
    record.error = { code: `${kind}InTheWay`, message };
    logger.info('somebody is in the way of a switch', {
      move: move.id,
      attempt,
      milliseconds,
      kind,
      message,
    });
  }
}

/** Gives users their rights. Safe by the map as it was last seen: a fence of a later one refuses it. */
export async function grant(
  context: MoveTaskContext,
  move: ShardMapMove,
  signal: AbortSignal,
): Promise<void> {
  const { keyspace, id, attempt } = move;
  const { clock, logger } = context;
  const start = clock.monotonic();
  const order = { keyspace, database: databaseOfMove(move), revision: context.revision() };
  await context.slots.fence.unfence(order, signal);
  const milliseconds = Math.round(clock.monotonic() - start);
  logger.info('users have rights on a database', { move: id, attempt, milliseconds });
  const record = context.record(id);
  if (record !== undefined) {
    record.lacksRights = false;
    record.fenced = null;
    record.blocked = null;
  }
}

/** Removes the database and what is recorded of the move, once the map, read anew, says so. */
export async function drop(context: MoveTaskContext, move: ShardMapMove, signal: AbortSignal): Promise<void> {
  const record = context.record(move.id);
  if (record === undefined || !(await context.confirm(move, signal))) {
    return;
  }
  await context.slots.transfer.drop(databaseOfMove(move), move.id, signal);
  record.forgetCopy();
  record.isCleaned = true;
  context.logger.info('what was moved, or was not, is removed here', { move: move.id });
}
