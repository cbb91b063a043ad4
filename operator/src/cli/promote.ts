/** `kubectl shardwright promote`: a person's decision for a replica though acknowledged writes may be lost. */
import { formatPromotionRequest, promotionAnnotation, type ShardMapShard } from '../api/v1alpha1/index.ts';
import type { ShardStateName } from '../core/instance-report.ts';
import { findMember, findShard, readCluster, shardedClusters, type ShardView } from './cluster-view.ts';
import { PluginFailure } from './failure.ts';
import { type PluginSession, waitFor } from './session.ts';

/** What was asked for. */
export interface PromoteOptions {
  readonly cluster: string;
  /** Number or name. */
  readonly shard: string;
  /** Name or number of the pod that shall become the primary. */
  readonly to: string;
  readonly acceptDataLoss: boolean;
  readonly dryRun: boolean;
  readonly timeoutSeconds: number;
}

/**
 * Decides for a member of a shard whose failover is blocked, and waits until it takes writes. Throws `PluginFailure`:
 * `Refused` while the shard has a healthy primary, `Usage` without the word that loss is accepted, `TimedOut`.
 */
export async function promote(
  session: PluginSession,
  options: PromoteOptions,
  signal: AbortSignal,
): Promise<void> {
  const { client, clock, namespace, say, progress } = session;
  const view = await readCluster(session, options.cluster, signal);
  const shard = findShard(view, options.shard);
  const { entry } = shard;
  const to = findMember(options.cluster, entry, options.to);
  if (entry.primary !== null && isHealthy(shard, entry.primary)) {
    throw new PluginFailure(
      'Refused',
      `${entry.name} has a healthy primary, ${entry.primary}: use kubectl shardwright switchover, which loses nothing`,
    );
  }
  if (!options.acceptDataLoss) {
    throw new PluginFailure(
      'Usage',
      `writes that ${to} does not have will be lost, acknowledged ones among them: say --accept-data-loss if that is meant`,
    );
  }
  const epoch = entry.primary === null ? entry.epoch : entry.epoch + 1;
  const annotation = promotionAnnotation(entry.number);
  const value = formatPromotionRequest({ to, epoch });
  if (options.dryRun) {
    say(`${to} would be promoted in ${entry.name}, for epoch ${epoch}:`);
    say(`  ${annotation}: ${value}`);
    return;
  }
  const started = clock.monotonic();
  const patch = { metadata: { annotations: { [annotation]: value } } };
  await client.mergePatch(shardedClusters, { namespace, name: options.cluster }, patch, {}, signal);
  progress(`decided for ${to} in ${entry.name}, epoch ${epoch} ...`);
  let shown = '';
  const look = async (): Promise<ShardMapShard | undefined> => {
    const now = findShard(await readCluster(session, options.cluster, signal), options.shard);
    const text = `${now.entry.name}: ${now.status?.state ?? 'state unknown'}, primary ${now.entry.primary ?? 'none'}`;
    if (text !== shown) {
      progress(text);
      shown = text;
    }
    return now.entry.primary !== null && now.entry.epoch >= epoch ? now.entry : undefined;
  };
  const promoted = await waitFor(session, options.timeoutSeconds * 1000, look, signal);
  if (promoted === undefined) {
    throw new PluginFailure(
      'TimedOut',
      `${to} was not promoted within ${options.timeoutSeconds} s; the decision stands, in the annotation ${annotation}`,
    );
  }
  if (promoted.primary !== to) {
    throw new PluginFailure(
      'Refused',
      `${promoted.primary} became the primary of ${entry.name} in epoch ${promoted.epoch}, not ${to}`,
    );
  }
  say(
    `${to} is the primary of ${entry.name} in epoch ${promoted.epoch}, after ${seconds(clock.monotonic() - started)} s.`,
  );
}

/** States in which a primary may be gone that still counts as healthy: an instance is taken at its last word for some seconds. */
const PRIMARY_IN_DOUBT: ReadonlySet<string | undefined> = new Set<ShardStateName>([
  'primaryLost',
  'primaryUnreachable',
  'primaryHung',
  'primaryUnable',
  'acknowledgementsStalled',
  'promoting',
  'blocked',
]);

function isHealthy({ status }: ShardView, pod: string): boolean {
  if (PRIMARY_IN_DOUBT.has(status?.state)) {
    return false;
  }
  return status?.instances?.some((instance) => instance.pod === pod && instance.healthy) ?? false;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1);
}
