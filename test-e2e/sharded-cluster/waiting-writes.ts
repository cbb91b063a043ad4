import { type PodPlace, queryAsAgent } from './agent-query.ts';

/**
 * How many transactions on a pod's server wait for a replica to acknowledge them: they are in its log. The state is
 * MariaDB's own, `stage_waiting_for_semi_sync_ack_from_slave`.
 */
export async function waitingWrites(place: PodPlace, pod: string): Promise<number> {
  const sql =
    "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for semi-sync ACK%'";
  const [[count] = []] = await queryAsAgent(place, pod, sql);
  return Number(count);
}
