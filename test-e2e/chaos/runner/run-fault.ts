import { setTimeout as delay } from 'node:timers/promises';
import { checkReadLevels } from '../checkers/read-levels.ts';
import { checkRouterAnswers } from '../checkers/router-answers.ts';
import { checkStaleReads, countStaleReads } from '../checkers/stale-reads.ts';
import type { Violation } from '../checkers/violation.ts';
import { findWriteGap } from '../checkers/write-gap.ts';
import { monotonicTime } from '../clients/monotonic-time.ts';
import { appenderOf } from '../clients/client-kinds.ts';
import { resetTables } from '../clients/tables.ts';
import type { Fault } from '../faults/index.ts';
import type { History } from '../history/history.ts';
import type { MeasuredKind, Operation } from '../history/operation.ts';
import { isMisled } from '../history/operation.ts';
import type { RunResult, Surroundings } from '../report/result.ts';
import { onMember } from '../stage/member-session.ts';
import type { Stage } from '../stage/stage.ts';
import { readShard, readTopology } from '../stage/topology.ts';
import { awaitRouters } from './await-routers.ts';
import { awaitConvergence } from './convergence.ts';
import { judgeHistory, judgeMembersContent } from './judge-run.ts';
import { readPromotionRecord } from './promotion-record.ts';
import type { RunClients } from './run-clients.ts';
import { startRunClients, untilAcknowledged, untilPromoted } from './run-clients.ts';

/** Which run, and what it is recorded with. */
export interface RunOptions {
  readonly seed: number;
  readonly index: number;
  /** Whose gaps are measured; clients of other kinds do not run. */
  readonly clients: readonly MeasuredKind[];
  /** Uniform in [0, 1), decided by seed and index. */
  readonly random: () => number;
  readonly surroundings: Surroundings;
  /** Where the histories go. */
  readonly folder: string;
  /** Is given what ends the fault, for a command that is interrupted in the middle of a run. */
  readonly onBegin?: (undo: () => Promise<void>) => void;
}

const START_MILLISECONDS = 20_000;
/** Load before the fault, and up to half a second more, so that faults meet databases at any moment. */
const WARM_UP_MILLISECONDS = 800;
const JITTER_MILLISECONDS = 500;
/** How long a promotion, and writes, may stay away. */
const RECOVERY_MILLISECONDS = 60_000;
/** How long nothing is expected to happen, at least. */
const QUIET_MILLISECONDS = 2000;
const AFTERWARDS_MILLISECONDS = 800;
/** `spec.router.holdSeconds` and `spec.readService.maxLagSeconds`, both as they are by default. */
const HOLD_MILLISECONDS = 10_000;
const LAG_MILLISECONDS = 5000;
/** A router looks at its replicas several times a second, and waits for the answer this long at most; as long for all else. */
const LOOK_MILLISECONDS = 2000;
/** `spec.failover.fenceSeconds` as it is by default, and as long again for the end of a server on a busy machine. */
const FENCE_MILLISECONDS = 2000;
/** How far a read of any replica may show the past. */
const PAST_MILLISECONDS = LAG_MILLISECONDS + 2 * LOOK_MILLISECONDS;

/**
 * One run: clients at work, one fault, its end, and the judgement. Whatever goes wrong in the judged system is a
 * violation in the result; an error that is thrown is one of the harness, or a shard that was broken before.
 */
export async function runFault(stage: Stage, fault: Fault, options: RunOptions): Promise<RunResult> {
  const { random } = options;
  const recovery = fault.recoveryMilliseconds ?? RECOVERY_MILLISECONDS;
  const undos: (() => void | Promise<void>)[] = [];
  const onUndo = (undo: () => void | Promise<void>): void => void undos.push(undo);
  const undoAll = async (): Promise<void> => {
    for (const undo of undos.splice(0).reverse()) {
      await undo();
    }
  };
  options.onBegin?.(undoAll);
  let clients: RunClients | undefined;
  try {
    if (fault.prepare !== undefined) {
      await fault.prepare({ stage, onUndo });
      await awaitConvergence(stage);
    }
    await awaitRouters(stage);
    const before = await readTopology(stage);
    await onMember(stage, before.primary, resetTables);
    clients = await startRunClients(stage, fault, before, {
      folder: options.folder,
      seed: options.seed * 1000 + options.index,
      kinds: options.clients,
    });
    if (!(await untilAcknowledged(clients, 0, START_MILLISECONDS))) {
      throw new Error('the clients got no write acknowledged before the fault');
    }
    await delay(WARM_UP_MILLISECONDS + random() * JITTER_MILLISECONDS);

    const wallTime = new Date();
    const since = monotonicTime();
    const context = { stage, before, random, onUndo, status: () => clients?.status() };
    await fault.inject(context);
    const injected = monotonicTime();
    const promoted = fault.expects === 'promotion' && (await untilPromoted(clients, before.epoch, recovery));
    if (fault.check === undefined) {
      await untilAcknowledged(clients, injected, recovery);
    }
    const lasts = fault.lastsMilliseconds ?? (fault.expects === 'promotion' ? 0 : QUIET_MILLISECONDS);
    await delay(Math.max(AFTERWARDS_MILLISECONDS, lasts - (monotonicTime() - since)));
    const unseen = (await fault.check?.(context)) ?? [];
    const ending = monotonicTime();
    await undoAll();
    await untilAcknowledged(clients, monotonicTime(), recovery);
    await delay(AFTERWARDS_MILLISECONDS);
    await clients.stop();

    const convergence = await awaitConvergence(stage);
    const converged = (monotonicTime() - ending) / 1000;
    const history = await clients.readHistory();
    clients = undefined;
    const judged = await judgeHistory(history);
    const promotions = (await readShard(stage)).epoch - before.epoch;
    const routersLost = fault.losesRouters?.(before).length ?? 0;
    const { operations, connectFailures } = history;
    const routed = checkRouterAnswers(operations, connectFailures, {
      since,
      holdMilliseconds: HOLD_MILLISECONDS,
      routersLost,
      primaryHangs: fault.primaryHangs ?? false,
      losses: promotions + 1,
    });
    const levels = checkReadLevels(operations, PAST_MILLISECONDS);
    return {
      format: 1,
      at: wallTime.toISOString(),
      fault: fault.name,
      seed: options.seed,
      index: options.index,
      gaps: measureGaps(history, options.clients, since),
      promotions,
      ...(await readPromotionRecord(stage, wallTime)),
      leaderLost: await hasLeaderChanged(stage, before.leaseHolder),
      acknowledged: countAcknowledged(history.operations),
      indeterminate: history.operations.filter(({ outcome }) => outcome === 'indeterminate').length,
      staleReads: countStaleReads(history.operations, history.mapChanges),
      misledReads: history.operations.filter(isMisled).length,
      ...(options.clients.includes('router') && {
        router: { answers: routed.answers, routersLost, eventual: levels.eventual },
      }),
      registers: judged.registers,
      convergedSeconds: convergence.whole ? converged : null,
      violations: [
        ...judgePromotion(fault, promoted, promotions),
        ...unseen,
        ...judged.violations,
        ...routed.violations,
        ...levels.violations,
        ...checkStaleReads(operations, history.mapChanges, {
          fenceMilliseconds: FENCE_MILLISECONDS,
          resumed: fault.holdsMembers === true ? ending : undefined,
        }),
        ...(await judgeMembersContent(stage, history)),
        ...convergence.violations,
      ],
      surroundings: options.surroundings,
    };
  } finally {
    await undoAll();
    await clients?.stop().catch(() => undefined);
  }
}

/** The gap that each kind of client saw; null where writes did not come back. */
function measureGaps(history: History, kinds: readonly MeasuredKind[], since: number): RunResult['gaps'] {
  return Object.fromEntries(
    kinds.map((kind) => {
      const appends = history.operations.filter(({ process }) => process === appenderOf(kind));
      const gap = findWriteGap(appends, kind, since);
      return [kind, gap === undefined ? null : Math.round(gap.milliseconds * 10) / 10];
    }),
  );
}

function judgePromotion(fault: Fault, promoted: boolean, promotions: number): Violation[] {
  if (fault.expects === 'promotion' && !promoted) {
    const message = `no other member became primary in ${RECOVERY_MILLISECONDS / 1000} s`;
    return [{ rule: 'expectedPromotion', message }];
  }
  if (fault.expects === 'noPromotion' && promotions > 0) {
    return [{ rule: 'noPromotion', message: `there were ${promotions} promotions without need` }];
  }
  return [];
}

async function hasLeaderChanged(stage: Stage, former: string): Promise<boolean> {
  const now = await readTopology(stage).catch(() => undefined);
  return now === undefined || now.leaseHolder !== former;
}

function countAcknowledged(operations: readonly Operation[]): RunResult['acknowledged'] {
  const acknowledged = operations.filter(({ outcome }) => outcome === 'ok');
  const count = (...kinds: readonly Operation['kind'][]): number =>
    acknowledged.filter(({ kind }) => kinds.includes(kind)).length;
  return {
    appends: count('append'),
    transfers: count('transfer'),
    registerWrites: count('write', 'compareAndSet'),
  };
}
