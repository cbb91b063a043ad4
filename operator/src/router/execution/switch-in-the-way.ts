import type { Access } from '../routing/route.ts';
import type { Session } from '../session/session.ts';
import { describeMove, moveInTheWay } from '../topology/moves.ts';
import type { HoldReason } from '../topology/statement-hold.ts';
import type { Location, Topology } from '../topology/topology.ts';
import { participantOf } from './participants.ts';

/**
 * Why a statement has to wait before it is sent: its database changes its shard at this moment. A transaction that was at work in
 * the database may go on there, since the switch waits for its end.
 */
export function switchInTheWay(
  { moves }: Topology,
  session: Session,
  { shard, database }: Location,
  mode: Access['mode'],
): HoldReason | undefined {
  const move = moveInTheWay(moves, { shard, database, mode });
  return move === undefined || participantOf(session, shard)?.databases.has(database ?? '') === true
    ? undefined
    : { cause: 'Moving', message: describeMove(move) };
}
