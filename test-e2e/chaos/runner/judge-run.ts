import type { RowDataPacket } from 'mysql2/promise';
import { checkAcknowledgedSet } from '../checkers/acknowledged-set.ts';
import { checkBankTotal, checkTransfersWhole } from '../checkers/bank.ts';
import { checkLinearizable, judgeRegisters, promisedOperations } from '../checkers/check-registers.ts';
import { checkEpochOrder } from '../checkers/epochs.ts';
import { checkMonotonicReads } from '../checkers/monotonic-reads.ts';
import { askPorcupine, compareVerdicts } from '../checkers/second-verdict.ts';
import type { Violation } from '../checkers/violation.ts';
import { checkOneWritableMember } from '../checkers/writable-members.ts';
import { ACCOUNTS, OPENING_BALANCE, SCHEMA } from '../clients/tables.ts';
import type { Session } from '../clients/session.ts';
import type { History } from '../history/history.ts';
import type { RunResult } from '../report/result.ts';
import { onMember } from '../stage/member-session.ts';
import type { Stage } from '../stage/stage.ts';
import { listMembers } from '../stage/topology.ts';

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
    try {
      found.push(...(await onMember(stage, pod, (session) => judgeContent(session, pod.name, history))));
    } catch (error) {
      found.push({ rule: 'converged', message: `${pod.name} could not be read: ${String(error)}` });
    }
  }
  return found;
}

async function judgeContent(session: Session, member: string, history: History): Promise<Violation[]> {
  const appends = await session.query<RowDataPacket[]>(`SELECT id FROM ${SCHEMA}.chaos_appends`);
  const transfers = await session.query<RowDataPacket[]>(`SELECT * FROM ${SCHEMA}.chaos_transfers`);
  const accounts = await session.query<RowDataPacket[]>(
    `SELECT balance FROM ${SCHEMA}.chaos_accounts ORDER BY id`,
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
