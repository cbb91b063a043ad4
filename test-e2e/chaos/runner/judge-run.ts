import { setTimeout as delay } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { checkAcknowledgedSet } from '../checkers/acknowledged-set.ts';
import { checkBankTotal, checkTransfersWhole } from '../checkers/bank.ts';
import { checkLinearizable, judgeRegisters, promisedOperations } from '../checkers/check-registers.ts';
import { checkEpochOrder } from '../checkers/epochs.ts';
import { checkMonotonicReads } from '../checkers/monotonic-reads.ts';
import { askPorcupine, compareVerdicts } from '../checkers/second-verdict.ts';
import type { Violation } from '../checkers/violation.ts';
import { checkOneWritableMember } from '../checkers/writable-members.ts';
import { ACCOUNTS, allRows, OPENING_BALANCE } from '../clients/tables.ts';
import type { Session } from '../clients/session.ts';
import type { History } from '../history/history.ts';
import type { RunResult } from '../report/result.ts';
import { onMember } from '../stage/member-session.ts';
import type { Stage } from '../stage/stage.ts';
import { listMembers, type PodPlace } from '../stage/topology.ts';

/** A member that cannot be read for so long, all in all, counts as one that has lost its rows. */
const READ_MILLISECONDS = 10_000;
const RETRY_MILLISECONDS = 500;

/** Judges a history by itself. */
export async function judgeHistory(
  history: History,
): Promise<{ readonly violations: Violation[]; readonly registers: RunResult['registers'] }> {
  const { operations, mapChanges, samples } = history;
  const own = judgeRegisters(operations);
  const second = await askPorcupine(operations);
  const differences = second === undefined ? [] : compareVerdicts(own, second);
  return {
    violations: [
      ...checkLinearizable(own),
      ...differences,
      ...checkBankTotal(operations, ACCOUNTS * OPENING_BALANCE),
      ...checkMonotonicReads(operations),
      ...checkEpochOrder(operations, mapChanges),
      ...checkOneWritableMember(samples),
    ],
    registers: {
      operations: promisedOperations(operations).length,
      secondVerdict: second === undefined ? 'absent' : differences.length === 0 ? 'agreed' : 'differed',
    },
  };
}

/** Compares what every reachable member holds at the end with what clients were told. */
export async function judgeMembersContent(stage: Stage, history: History): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const pod of await listMembers(stage)) {
    found.push(...(await judgeMember(stage, pod, history)));
  }
  return found;
}

/** A member that has just stepped down ends sessions that come to it, for a few seconds: that is no loss. */
async function judgeMember(stage: Stage, pod: PodPlace, history: History): Promise<readonly Violation[]> {
  const deadline = performance.now() + READ_MILLISECONDS;
  for (;;) {
    try {
      return await onMember(stage, pod, (session) => judgeContent(session, pod.name, history));
    } catch (error) {
      if (performance.now() > deadline) {
        return [{ rule: 'converged', message: `${pod.name} could not be read: ${String(error)}` }];
      }
    }
    await delay(RETRY_MILLISECONDS);
  }
}

async function judgeContent(session: Session, member: string, history: History): Promise<Violation[]> {
  const appends = await session.query<RowDataPacket[]>(allRows('chaos_appends', 'id'));
  const transfers = await session.query<RowDataPacket[]>(allRows('chaos_transfers', '*'));
  const accounts = await session.query<RowDataPacket[]>(
    `${allRows('chaos_accounts', 'id, balance')} ORDER BY id`,
  );
  const recorded = transfers.map((row) => ({
    id: Number(row['id']),
    from: Number(row['payer']),
    to: Number(row['payee']),
    amount: Number(row['amount']),
  }));
  const balances = accounts.map((row) => Number(row['balance']));
  return [
    ...checkAcknowledgedSet(history.operations, 'append', member, readIds(appends)),
    ...checkAcknowledgedSet(history.operations, 'transfer', member, readIds(transfers)),
    ...checkTransfersWhole(member, OPENING_BALANCE, recorded, balances),
  ];
}

function readIds(rows: readonly RowDataPacket[]): Set<number> {
  return new Set(rows.map((row) => Number(row['id'])));
}
