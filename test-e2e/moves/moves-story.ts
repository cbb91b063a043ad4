/** What scenarios and soak runs of moves do again and again, and what must hold after each. */
import type { MovePhase } from '../../operator/src/api/v1alpha1/index.ts';
import { monotonicTime } from '../chaos/clients/monotonic-time.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import type { CheckedLoad } from './checked-load.ts';
import { KEYSPACE } from './cluster-objects.ts';
import { databaseOf } from './keyspace-keys.ts';
import type { MoveFault } from './move-faults.ts';
import type { MovesStage } from './moves-stage.ts';

/** Something that happens in the course of a move. */
export interface MoveTrouble {
  readonly phase: MovePhase;
  readonly fault: MoveFault;
}

/** What became of a move. */
export interface MoveOutcome {
  /** Name of the rebalance. */
  readonly name: string;
  /** From the wish to its end. */
  readonly milliseconds: number;
  /** Longest time in which a client of the router got no row acknowledged. */
  readonly longestGap: number;
  /** Errors of clients of the router: of single statements. */
  readonly failures: readonly string[];
}

/** What all shards hold when nothing moves. */
export interface Audited {
  readonly slots: number;
  /** Each read once, in the slot that its key hashes to, unless `found` says so. */
  readonly rows: number;
  /** What is not as it has to be: findings of the audit, and what is left of moves. */
  readonly found: readonly string[];
}

async function auditAll(stage: MovesStage): Promise<Audited> {
  await stage.untilWhole();
  const { slots, rows, problems } = await stage.audit();
  const found = problems.map(({ kind, message }) => `${kind}: ${message}`);
  const wanted = (stage.map().keyspaces ?? []).reduce(
    (sum, { ranges, slots: count }) => sum + (ranges?.length ?? count),
    0,
  );
  if (slots !== wanted) {
    found.push(`${slots} of ${wanted} slots are there`);
  }
  for (const { id, phase } of stage.map().moves ?? []) {
    found.push(`the move ${id} is still in ${phase}`);
  }
  for (const { number } of stage.map().shards) {
    found.push(...(await stage.leftovers(number)));
  }
  return { slots, rows, found };
}

/** The shard next to that of a slot. */
export function nextShard(stage: MovesStage, slot: number): number {
  return (stage.ownerOf(slot) + 1) % stage.map().shards.length;
}

/** Moves a slot to the next shard, and has something happen in a phase. Rejects when the move does not end well. */
export async function moveThrough(
  stage: MovesStage,
  load: CheckedLoad,
  slot: number,
  trouble?: MoveTrouble,
): Promise<MoveOutcome> {
  const to = nextShard(stage, slot);
  const since = monotonicTime();
  const name = await stage.move({ keyspace: KEYSPACE, unit: 'Slot', slot, to });
  if (trouble !== undefined) {
    await trouble.fault.strike(stage, await stage.untilMove(slot, [trouble.phase]));
  }
  await stage.untilRebalance(name, 'Completed');
  const milliseconds = monotonicTime() - since;
  if (stage.ownerOf(slot) !== to) {
    throw new Error(`${name} is completed, and slot ${slot} is on shard ${stage.ownerOf(slot)}, not ${to}`);
  }
  await load.untilAllAnswered();
  return {
    name,
    milliseconds,
    longestGap: load.longestGap(since),
    failures: load.routerFailures(since, { withTransactions: false }),
  };
}

/** A copy this slow is met half way, though a look at it by way of a kubelet takes a second or two. */
const SLOWLY = { rowsPerSecond: 20, batchRows: 10 };
const AT_FULL_SPEED = { rowsPerSecond: 1_000_000, batchRows: 1000, soakSeconds: 1 };
/** Rows that have come when a copy is taken for begun: fewer than there are before any client has written. */
const ROWS_THAT_COME = 20;

/** Begins a move whose copy is slow; resolves when rows have come. */
export async function beginSlowMove(
  stage: MovesStage,
  slot: number,
): Promise<{ readonly name: string; readonly to: number }> {
  await stage.changeSpec({ rebalance: SLOWLY });
  const to = nextShard(stage, slot);
  const name = await stage.move({ keyspace: KEYSPACE, unit: 'Slot', slot, to });
  await waitFor(
    'rows have come',
    async () => {
      const [appends, documents] = ['appends', 'documents'].map(
        (table) => `(SELECT COUNT(*) FROM ${databaseOf(slot)}.${table})`,
      );
      const [[count = '0'] = []] = await stage.query(to, `SELECT ${appends} + ${documents}`);
      return Number(count) > ROWS_THAT_COME ? true : undefined;
    },
    { timeoutMilliseconds: 120_000, everyMilliseconds: 50 },
  );
  return { name, to };
}

/** Ends what {@link beginSlowMove} has begun to bound. */
export async function goFast(stage: MovesStage): Promise<void> {
  await stage.changeSpec({ rebalance: AT_FULL_SPEED });
}

/**
 * Begins to move a slot, takes it back, and has something happen on the way: after the switch, in `Returning`, or before it, in
 * `Undoing`. Rejects when it is not where it was in the end.
 */
export async function takeBackThrough(
  stage: MovesStage,
  slot: number,
  { phase, fault }: MoveTrouble,
): Promise<void> {
  const home = stage.ownerOf(slot);
  const isReturn = phase === 'Returning';
  let name: string;
  if (isReturn) {
    await stage.changeSpec({ rebalance: { soakSeconds: 600 } });
    name = await stage.move({ keyspace: KEYSPACE, unit: 'Slot', slot, to: nextShard(stage, slot) });
    await stage.untilMove(slot, ['Soaking']);
  } else {
    ({ name } = await beginSlowMove(stage, slot));
  }
  await stage.tell(name, isReturn ? { rollback: true } : { cancel: true });
  await fault.strike(stage, await stage.untilMove(slot, [phase]));
  await stage.untilRebalance(name, isReturn ? 'RolledBack' : 'Cancelled');
  await goFast(stage);
  if (stage.ownerOf(slot) !== home) {
    throw new Error(
      `${name} was taken back, and slot ${slot} is on shard ${stage.ownerOf(slot)}, not ${home}`,
    );
  }
}

/** Resolves when nothing is left to be found, or else after a while, with what the last audit has found. */
export async function untilAudited(stage: MovesStage): Promise<Audited> {
  let last: Audited | undefined;
  const clean = waitFor(
    'nothing left of moves',
    async () => {
      last = await auditAll(stage);
      return last.found.length === 0 ? last : undefined;
    },
    { timeoutMilliseconds: 120_000, everyMilliseconds: 500 },
  );
  return clean.catch((error: unknown) => {
    if (last === undefined) {
      throw error;
    }
    return last;
  });
}

/** What {@link untilAudited} has found. */
export async function untilNoTrace(stage: MovesStage): Promise<readonly string[]> {
  return (await untilAudited(stage)).found;
}
