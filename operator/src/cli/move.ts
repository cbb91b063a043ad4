/** `kubectl shardwright move`: one slot, or the unsharded tables of a keyspace, to another shard. */
import type { HandMove } from '../api/v1alpha1/index.ts';
import { findShard, readCluster } from './cluster-view.ts';
import { PluginFailure } from './failure.ts';
import { createRebalance, describeRebalance } from './new-rebalance.ts';
import { makePlan } from './plan.ts';
import { renderPlan } from './plan-text.ts';
import { confirm, type PluginSession } from './session.ts';

/** What was asked for. */
export interface MoveOptions {
  readonly cluster: string;
  readonly keyspace: string;
  /** Number of the slot, or `unsharded`. */
  readonly slot: string;
  /** Number or name of the shard. */
  readonly to: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/**
 * Shows the plan, asks, and creates a ShardRebalance of it, approved: who moves by hand has decided. Throws `PluginFailure`.
 */
export async function move(session: PluginSession, options: MoveOptions, signal: AbortSignal): Promise<void> {
  const { clock, say } = session;
  const view = await readCluster(session, options.cluster, signal);
  const { entry } = findShard(view, options.to);
  const asked = readMove(options, entry.number);
  const { plan, problems } = await makePlan(session, view, { kind: 'moves', moves: [asked] }, signal);
  renderPlan(plan, problems).forEach((line) => say(line));
  if (plan.moveCount === 0) {
    return;
  }
  const rebalance = describeRebalance(view.cluster, 'move', { moves: [asked] }, clock.now());
  if (options.dryRun) {
    say(`The ShardRebalance ${rebalance.metadata.name} would be created.`);
    return;
  }
  await confirm(session, options.yes, `Move it to ${entry.name}?`, signal);
  await createRebalance(session, rebalance, signal);
}

function readMove({ keyspace, slot }: MoveOptions, to: number): HandMove {
  if (slot === 'unsharded') {
    return { keyspace, unit: 'Unsharded', to };
  }
  if (!/^\d{1,5}$/u.test(slot)) {
    throw new PluginFailure(
      'Usage',
      `${slot} is no slot: write its number, or unsharded for the unsharded tables`,
    );
  }
  return { keyspace, unit: 'Slot', slot: Number(slot), to };
}
