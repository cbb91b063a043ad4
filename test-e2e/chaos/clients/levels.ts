/** Reads by way of a router, at each level of consistency. */
import type { RowDataPacket } from 'mysql2/promise';
import type { ConsistencyLevel } from '../history/operation.ts';
import type { Session } from './session.ts';
import { firstNumber } from './session.ts';
import type { Attempt, Workload } from './worker.ts';
import type { WorkloadIdentity } from './workloads.ts';
import { appendingId, RANGE } from './workloads.ts';

/** Reads the highest id that another client appended, asking for a level in each statement. */
export function readingAtLevel(
  identity: WorkloadIdentity,
  writer: Pick<WorkloadIdentity, 'process' | 'number'>,
  level: ConsistencyLevel,
): Workload {
  return {
    process: identity.process,
    pauseMilliseconds: identity.pauseMilliseconds,
    next: () => readingRange(identity, writer, level),
  };
}

/**
 * Appends rows, and reads after each what it has appended from any server that has it: what it wrote over one
 * connection also over the next, since it carries along what the router calls its position.
 */
export function usingOwnWrites(identity: WorkloadIdentity): Workload {
  let id = identity.number * RANGE;
  let position = '';
  /** The connection that wrote last, whose router knows by itself. */
  let known: Session | undefined;
  let isReading = false;
  return {
    process: identity.process,
    pauseMilliseconds: identity.pauseMilliseconds,
    next() {
      isReading = !isReading;
      if (isReading) {
        return readingRange(identity, identity, 'ReadYourWrites', async (session) => {
          if (session !== known) {
            await session.query('SET shardwright_gtid = ?', [position]);
            known = session;
          }
        });
      }
      id += 1;
      const attempt = appendingId(identity, id);
      return {
        ...attempt,
        async perform(session) {
          const described = await attempt.perform(session);
          const rows = await session.query<RowDataPacket[]>('SELECT @@shardwright_gtid AS position');
          position = String(rows[0]?.['position'] ?? '');
          known = session;
          return described;
        },
      };
    },
  };
}

function readingRange(
  { databases }: WorkloadIdentity,
  writer: Pick<WorkloadIdentity, 'process' | 'number'>,
  level: ConsistencyLevel,
  before: (session: Session) => Promise<void> = async () => undefined,
): Attempt {
  const first = writer.number * RANGE;
  const unanswered = { kind: 'readLatest', writer: writer.process, id: null, level } as const;
  return {
    unanswered,
    async perform(session) {
      await before(session);
      const sql = `SELECT /*shardwright: consistency=${level} */ MAX(id) AS id FROM ${databases.of(first)}.chaos_appends WHERE id BETWEEN ? AND ?`;
      const rows = await session.query<RowDataPacket[]>(sql, [first, first + RANGE - 1]);
      return { ...unanswered, id: firstNumber(rows) ?? 0 };
    },
  };
}
