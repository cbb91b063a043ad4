import { setTimeout as delay } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import type { Rule, Violation } from '../checkers/violation.ts';
import { monotonicTime } from '../clients/monotonic-time.ts';
import type { Session } from '../clients/session.ts';
import { checksumTables } from '../clients/tables.ts';
import { parsePositions } from './gtid.ts';
import { openMemberSession } from '../stage/member-session.ts';
import type { Stage } from '../stage/stage.ts';
import { listMembers, readShard } from '../stage/topology.ts';

/** What a member says of itself. */
interface MemberFacts {
  readonly member: string;
  readonly readOnly: boolean;
  readonly binlogState: string;
  /** Empty on a primary. */
  readonly slave: { readonly receiving: boolean; readonly applying: boolean } | undefined;
  readonly semiSynchronous: boolean;
  readonly acknowledgers: number;
  readonly checksum: string;
}

/** How the convergence of a shard ended. */
export interface Convergence {
  /** Whether it happened in time. */
  readonly whole: boolean;
  /** What was not as it should be, at the end. */
  readonly violations: readonly Violation[];
}

const INSTANCES = 3;
const TIMEOUT_MILLISECONDS = 120_000;
const POLL_MILLISECONDS = 500;

/**
 * Waits until the shard is whole again: a primary that takes writes and waits for acknowledgements of all others, the
 * others read-only, receiving, applying, equal to it row by row and without a transaction of their own.
 */
export async function awaitConvergence(
  stage: Stage,
  timeoutMilliseconds = TIMEOUT_MILLISECONDS,
): Promise<Convergence> {
  const start = monotonicTime();
  let violations: Violation[] = [];
  while (monotonicTime() - start < timeoutMilliseconds) {
    try {
      violations = await findUnconverged(stage);
    } catch (error) {
      violations = [{ rule: 'converged', message: error instanceof Error ? error.message : String(error) }];
    }
    if (violations.length === 0) {
      return { whole: true, violations: [] };
    }
    await delay(POLL_MILLISECONDS);
  }
  const message = `not converged within ${timeoutMilliseconds / 1000} s`;
  return { whole: false, violations: [{ rule: 'converged', message }, ...violations] };
}

async function findUnconverged(stage: Stage): Promise<Violation[]> {
  const [shard, pods] = await Promise.all([readShard(stage), listMembers(stage)]);
  const { primary, ackers } = shard;
  const found: Violation[] = [];
  const expect = (holds: boolean, rule: Rule, message: string): void => {
    if (!holds) {
      found.push({ rule, message });
    }
  };
  expect(pods.length === INSTANCES, 'converged', `${pods.length} pods have an address`);
  expect(primary !== null, 'converged', 'no primary is recorded');
  expect(ackers.length === INSTANCES - 1, 'converged', `the ackers are ${ackers.join(', ')}`);
  if (found.length > 0) {
    return found;
  }
  // The primary last: what a replica has, it must have then.
  const ordered = pods.toSorted((a, b) => Number(a.name === primary) - Number(b.name === primary));
  const sessions = await Promise.all(ordered.map(async (pod) => openMemberSession(stage, pod)));
  try {
    const facts: MemberFacts[] = [];
    for (const [index, session] of sessions.entries()) {
      facts.push(await readMember(session, ordered[index]?.name ?? ''));
    }
    return [...found, ...judgeMembers(facts, primary)];
  } finally {
    sessions.forEach((session) => session.close());
  }
}

/** What is wrong with members, of which the last is the recorded primary. */
export function judgeMembers(facts: readonly MemberFacts[], primaryName: string | null): Violation[] {
  const primary = facts.find(({ member }) => member === primaryName);
  if (primary === undefined) {
    return [{ rule: 'converged', message: `${primaryName} does not answer` }];
  }
  const found: Violation[] = [];
  if (primary.readOnly) {
    found.push({ rule: 'converged', message: `the primary ${primary.member} is read-only` });
  }
  if (!primary.semiSynchronous || primary.acknowledgers !== facts.length - 1) {
    const state = primary.semiSynchronous ? 'on' : 'off';
    const message = `on ${primary.member} semi-sync is ${state}, with ${primary.acknowledgers} replicas`;
    found.push({ rule: 'semiSynchronous', message });
  }
  const written = parsePositions(primary.binlogState);
  for (const replica of facts.filter((each) => each !== primary)) {
    if (!replica.readOnly) {
      found.push({ rule: 'oneWritableMember', message: `the replica ${replica.member} takes writes` });
    }
    if (replica.slave?.receiving !== true || !replica.slave.applying) {
      found.push({ rule: 'converged', message: `${replica.member} does not follow` });
    }
    if (replica.checksum !== primary.checksum) {
      const message = `${replica.member} has ${replica.checksum}; ${primary.member} has ${primary.checksum}`;
      found.push({ rule: 'membersEqual', message });
    }
    for (const [origin, sequence] of parsePositions(replica.binlogState)) {
      const known = written.get(origin);
      if (known !== undefined && sequence > known) {
        const message = `${replica.member} has ${origin}-${sequence}, its primary only ${origin}-${known}`;
        found.push({ rule: 'noErrantTransaction', message });
      }
    }
  }
  return found;
}

async function readMember(session: Session, member: string): Promise<MemberFacts> {
  const [global] = await session.query<RowDataPacket[]>(
    'SELECT @@global.read_only AS closed, @@global.gtid_binlog_state AS state',
  );
  const [slave] = await session.query<RowDataPacket[]>('SHOW ALL SLAVES STATUS');
  const status = await session.query<RowDataPacket[]>(
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Rpl_semi_sync_master_status', 'Rpl_semi_sync_master_clients')",
  );
  const value = (name: string): string =>
    String(status.find((row) => String(row['Variable_name']).toLowerCase() === name)?.['Value']);
  return {
    member,
    readOnly: Number(global?.['closed']) !== 0,
    binlogState: String(global?.['state']),
    slave:
      slave === undefined
        ? undefined
        : {
            receiving: slave['Slave_IO_Running'] === 'Yes',
            applying: slave['Slave_SQL_Running'] === 'Yes',
          },
    semiSynchronous: value('rpl_semi_sync_master_status') === 'ON',
    acknowledgers: Number(value('rpl_semi_sync_master_clients')),
    checksum: await checksumTables(session),
  };
}
