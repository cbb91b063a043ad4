import type { ActionRunner } from './action-runner.ts';
import { RefusedError } from './protocol/commands.ts';
import type { ToldHoldings } from './protocol/holdings.ts';
import { saysOfDatabases } from './moves/map-moves.ts';
import type { ShardMoves } from './moves/shard-moves.ts';
import type { ServerSession } from './server-session.ts';
import type { ShardMapReader } from './shard-map-reader.ts';

/**
 * What the server holds, once this agent knows that there is no map, or one without keyspaces, and has ended everything that a former one
 * asked for: nobody is given rights then, and nothing is fenced, before there is another. Rejects with RefusedError `NotReady` until that is so.
 */
export async function tellHoldings(
  {
    shardMap,
    moves,
    runner,
    session,
  }: {
    readonly shardMap: Pick<ShardMapReader, 'view' | 'newestRevision'>;
    readonly moves: Pick<ShardMoves, 'isIdle'>;
    readonly runner: Pick<ActionRunner, 'action'>;
    readonly session: Pick<ServerSession, 'current' | 'require' | 'state'>;
  },
  signal: AbortSignal,
): Promise<ToldHoldings> {
  const requireQuiet = (): void => {
    const view = shardMap.view();
    if (view.kind === 'unreadable' || (view.kind === 'known' && saysOfDatabases(view))) {
      throw new RefusedError('NotReady', 'this agent still has a ShardMap to act upon');
    }
    if (!moves.isIdle || runner.action !== null) {
      throw new RefusedError('NotReady', 'what the former ShardMap asked for has not ended yet');
    }
  };
  requireQuiet();
  if (session.current === null || session.state()?.role.kind !== 'primary') {
    throw new RefusedError('NotReady', 'the server is no open primary');
  }
  const holdings = await session.require().slots.holdings(signal);
  requireQuiet();
  return { revision: shardMap.newestRevision(), ...holdings };
}
