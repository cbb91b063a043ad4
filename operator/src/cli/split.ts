/** `kubectl shardwright split`: one slot of a keyspace that is cut by intervals becomes two. */
import type { ShardRebalanceSpec } from '../api/v1alpha1/index.ts';
import { findShard, readCluster } from './cluster-view.ts';
import { PluginFailure } from './failure.ts';
import { findMiddleKey } from './middle-key.ts';
import { createRebalance, describeRebalance } from './new-rebalance.ts';
import { makePlan, requireMap } from './plan.ts';
import { renderPlan } from './plan-text.ts';
import { confirm, type PluginSession } from './session.ts';
import { isUpperPartEmpty } from './upper-part.ts';

/** What was asked for. */
export interface SplitOptions {
  readonly cluster: string;
  readonly keyspace: string;
  readonly slot: string;
  /** First key of the upper part. @default the one in the middle of the rows of the largest table */
  readonly at?: string;
  /** Number or name of the shard that is to have the upper part. @default the one that has the slot */
  readonly to?: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/**
 * Shows the plan, asks, and creates a ShardRebalance of it, approved: who splits by hand has decided. Throws `PluginFailure`.
 */
export async function split(
  session: PluginSession,
  options: SplitOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock, say } = session;
  const view = await readCluster(session, options.cluster, signal);
  if (!/^\d{1,5}$/u.test(options.slot)) {
    throw new PluginFailure('Usage', `${options.slot} is no slot: write its number`);
  }
  const slot = Number(options.slot);
  const map = requireMap(view);
  const at = options.at ?? (await findMiddleKey(session, map, { ...options, slot }, signal));
  const asked: NonNullable<ShardRebalanceSpec['split']> = {
    keyspace: options.keyspace,
    slot,
    at,
    ...(options.to === undefined ? {} : { to: findShard(view, options.to).entry.number }),
  };
  const { plan, problems } = await makePlan(session, view, { kind: 'split', split: asked }, signal);
  renderPlan(plan, problems).forEach((line) => say(line));
  if (await isUpperPartEmpty(session, map, { ...options, slot, at }, signal)) {
    say(emptyPartText(at, plan.rows));
  }
  const rebalance = describeRebalance(view.cluster, 'split', { split: asked }, clock.now());
  if (options.dryRun) {
    say(`The ShardRebalance ${rebalance.metadata.name} would be created.`);
    return;
  }
  await confirm(
    session,
    options.yes,
    `Split slot ${slot} of ${options.keyspace} at ${JSON.stringify(at)}?`,
    signal,
  );
  await createRebalance(session, rebalance, signal);
}

/** What a cut ahead of all keys costs: it is cheap while what lies below it is little. `rows`: about, where they are known. */
function emptyPartText(at: string, rows: number | undefined): string {
  const part = `No row has a key from ${JSON.stringify(at)} on: the upper part begins empty.`;
  return rows === 0
    ? `${part} The slot has no rows at all, so nothing is copied.`
    : `${part} The rows below it are copied all the same: to cut ahead for nothing, cut a range that is still empty.`;
}
