/** What `kubectl shardwright report` shows where the ShardMap is gone: what one would be made from. Changes nothing. */
import { isUnderWay, ownerAnnotation, ownersNamed, type ShardedCluster } from '../api/v1alpha1/index.ts';
import { readHoldingsBySql } from '../core/rebuild/holdings-sql.ts';
import { type PlannedDepartures, plannedDepartures } from '../core/rebuild/planned-departures.ts';
import { type HoldingShard, settleKeyspace, type SettledKeyspace } from '../core/rebuild/settle-keyspace.ts';
import type { OutputFormat } from './command-line.ts';
import { PluginFailure } from './failure.ts';
import { listRebalances } from './rebalance-view.ts';
import type { PluginSession } from './session.ts';
import { shardQuery } from './shard-query.ts';
import { renderTable } from './table.ts';

/** A shard as the status remembers it. */
interface RememberedShard {
  readonly number: number;
  readonly name: string;
  readonly primary: string | null;
}

/**
 * Reads what every shard holds, at the primary that the status names, and tells where each slot is by that. Throws
 * `PluginFailure` `Failed` in any case: a cluster without a map is not well.
 */
export async function showRebuild(
  session: PluginSession,
  cluster: ShardedCluster,
  output: OutputFormat,
  signal: AbortSignal,
): Promise<never> {
  const { name } = cluster.metadata;
  const shards = rememberedShards(cluster);
  session.progress(`the ShardMap ${name} is missing: reading what ${shards.length} shards hold ...`);
  const query = shardQuery(session, shards, signal);
  const holding: HoldingShard[] = [];
  const silent: { readonly shard: string; readonly because: string }[] = [];
  for (const shard of shards) {
    try {
      const holdings = await readHoldingsBySql((sql) => query(shard.number, sql));
      holding.push({ number: shard.number, holdings });
    } catch (error) {
      signal.throwIfAborted();
      silent.push({ shard: shard.name, because: error instanceof Error ? error.message : String(error) });
    }
  }
  const underWay = (await listRebalances(session, name, signal)).filter(isUnderWay);
  const planned = plannedDepartures(underWay.map(({ status }) => status?.plan?.moves));
  const settled = settleAll(cluster, holding, planned);
  if (output === 'json') {
    session.say(JSON.stringify({ cluster: name, map: null, silent, keyspaces: settled }, null, 2));
  } else {
    renderRebuild(settled).forEach((line) => session.say(line));
    silent.forEach(({ shard, because }) => session.say(`${shard} does not tell: ${because}`));
  }
  throw new PluginFailure(
    'Failed',
    `the ShardMap ${name} is missing: the operator makes it again once every shard tells and nothing is unsettled. ` +
      `Its condition Degraded says what it waits for`,
  );
}

function rememberedShards({ status }: ShardedCluster): readonly RememberedShard[] {
  return (status?.shards ?? []).map(({ name, primary = null }) => ({
    number: Number(/\d+$/u.exec(name)?.[0] ?? 0),
    name,
    primary,
  }));
}

function settleAll(
  cluster: ShardedCluster,
  shards: readonly HoldingShard[],
  planned: PlannedDepartures | null,
): readonly SettledKeyspace[] {
  const recorded = new Map((cluster.status?.keyspaces ?? []).map((each) => [each.name, each]));
  const decided = ownersNamed(cluster);
  return cluster.spec.keyspaces.map(({ name, slots }) => {
    const { homeShard = 0, referenceShards = [], slotsByShard = [], ranges } = recorded.get(name) ?? {};
    const known = {
      homeShard,
      referenceShards,
      slotsByShard,
      ...(ranges === undefined ? {} : { ranges }),
    };
    return settleKeyspace({ name, slots, known, isRecorded: recorded.has(name), planned }, shards, decided);
  });
}

/** The lines for a terminal. Pure. */
export function renderRebuild(settled: readonly SettledKeyspace[]): string[] {
  const rows = settled.flatMap(({ places: { name, homeShard, referenceShards, slotsByShard } }) => [
    ...slotsByShard.map(({ shard, slots }) => [name, `slots ${slots}`, String(shard)]),
    [name, 'unsharded tables', String(homeShard)],
    [name, 'reference tables', referenceShards.join(', ')],
  ]);
  const notes = settled.flatMap(({ places, moved, leftovers, kept, unsettled }) => [
    ...moved.map(
      ({ slot, from, to }) =>
        `slot ${slot} of ${places.name} is on shard ${to}; the status still says ${from}`,
    ),
    ...leftovers.map(
      ({ unit, slot, shard, owner }) =>
        `${unit === 'Slot' ? `slot ${slot}` : unit.toLowerCase()} of ${places.name}: a copy is left on shard ${shard}, ` +
        `which shard ${owner} has; it would be removed`,
    ),
    ...kept.map(
      ({ database, shard, by }) =>
        `${database} is on shard ${shard}, as the ${by === 'status' ? 'status says' : 'records of its move say'}: ` +
        `servers contradict each other${by === 'status' ? ', and no move had to do with it' : ''}`,
    ),
    ...unsettled.map(
      ({ database, shards, because }) =>
        `UNSETTLED: ${database} on shards ${shards.join(' and ')}: ${because}. Look at both, and annotate the ` +
        `ShardedCluster with ${ownerAnnotation(database)}="${shards[0] ?? 0}", or another of them`,
    ),
  ]);
  return [...renderTable(['KEYSPACE', 'WHAT', 'SHARD'], rows), ...(notes.length === 0 ? [] : ['', ...notes])];
}
