/** `kubectl shardwright switchover`: asks for another primary, and tells what became of it. */
import { formatSwitchoverRequest, switchoverAnnotation } from '../api/v1alpha1/index.ts';
import { findMember, findShard, readCluster, shardedClusters, type ShardView } from './cluster-view.ts';
import { PluginFailure } from './failure.ts';
import { type PluginSession, waitFor } from './session.ts';

/** What was asked for. */
export interface SwitchoverOptions {
  readonly cluster: string;
  /** Number or name. */
  readonly shard: string;
  /** Name or number of the pod that shall become the primary. @default the operator chooses */
  readonly to?: string;
  readonly dryRun: boolean;
  readonly timeoutSeconds: number;
}

/** The status follows the map within moments; after so long the map is word enough. Milliseconds. */
const STATUS_MILLISECONDS = 10_000;

/**
 * Asks for the switchover and waits for its end. Throws `PluginFailure`: `Refused`, `Undone`, or `TimedOut`, after which
 * nothing is asked for any more.
 */
export async function switchOver(
  session: PluginSession,
  options: SwitchoverOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock, say, progress } = session;
  const view = await readCluster(session, options.cluster, signal);
  const { entry } = findShard(view, options.shard);
  const to = options.to === undefined ? null : findMember(options.cluster, entry, options.to);
  if (view.cluster.spec.suspend) {
    throw new PluginFailure('Refused', 'spec.suspend is set: the operator keeps its hands off this cluster');
  }
  if (to !== null && to === entry.primary) {
    say(`${to} is the primary of ${entry.name} already.`);
    return;
  }
  const value = formatSwitchoverRequest({ to, token: new Date(clock.now()).toISOString() });
  const annotation = switchoverAnnotation(entry.number);
  if (options.dryRun) {
    say(
      `${entry.name} would be asked to hand over from ${entry.primary ?? 'nobody'} to ${to ?? 'any replica'}:`,
    );
    say(`  ${annotation}: ${value}`);
    return;
  }
  const started = clock.monotonic();
  await annotate(session, options.cluster, annotation, value, signal);
  progress(
    `asked ${entry.name} to hand over from ${entry.primary ?? 'nobody'} to ${to ?? 'any replica'} ...`,
  );
  const deadline = options.timeoutSeconds * 1000;
  let shown = '';
  const look = async (): Promise<ShardView | undefined> => {
    const shard = findShard(await readCluster(session, options.cluster, signal), options.shard);
    const now = describe(shard);
    if (now !== shown) {
      progress(now);
      shown = now;
    }
    return shard.entry.handledSwitchover === value ? shard : undefined;
  };
  const handled = await waitFor(session, deadline, look, signal);
  if (handled === undefined) {
    await withdraw(session, options, annotation, value, signal);
    throw new PluginFailure(
      'TimedOut',
      `the operator has not handled the request within ${options.timeoutSeconds} s, and it was withdrawn: ` +
        'look whether the operator runs',
    );
  }
  await tellOutcome(session, options, value, handled, clock.monotonic() - started, signal);
}

async function tellOutcome(
  session: PluginSession,
  options: SwitchoverOptions,
  value: string,
  handled: ShardView,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  const outcomeOf = ({ status }: ShardView) =>
    status?.lastSwitchover?.request === value ? status.lastSwitchover : undefined;
  const outcome =
    outcomeOf(handled) ??
    (await waitFor(
      session,
      STATUS_MILLISECONDS,
      async () => outcomeOf(findShard(await readCluster(session, options.cluster, signal), options.shard)),
      signal,
    ));
  if (outcome === undefined) {
    throw new PluginFailure(
      'TimedOut',
      `the request was handled, and ${describe(handled)}, but the status does not say how it ended`,
    );
  }
  if (outcome.outcome !== 'Completed') {
    throw new PluginFailure(outcome.outcome, outcome.message);
  }
  const { entry } = findShard(await readCluster(session, options.cluster, signal), options.shard);
  session.say(
    `${entry.primary ?? 'nobody'} is the primary of ${entry.name} in epoch ${entry.epoch}, after ` +
      `${(milliseconds / 1000).toFixed(1)} s. ${outcome.message}`,
  );
}

/** Takes the request back, unless another has taken its place. */
async function withdraw(
  session: PluginSession,
  { cluster, shard }: SwitchoverOptions,
  annotation: string,
  value: string,
  signal: AbortSignal,
): Promise<void> {
  const view = await readCluster(session, cluster, signal);
  if (view.cluster.metadata.annotations?.[annotation] !== value) {
    return;
  }
  await annotate(session, cluster, annotation, null, signal);
  const { entry } = findShard(await readCluster(session, cluster, signal), shard);
  if (entry.handledSwitchover === value) {
    throw new PluginFailure(
      'TimedOut',
      `the request was handled at the last moment; ${entry.primary} is the primary`,
    );
  }
}

async function annotate(
  { client, namespace }: PluginSession,
  name: string,
  annotation: string,
  value: string | null,
  signal: AbortSignal,
): Promise<void> {
  const patch = { metadata: { annotations: { [annotation]: value } } };
  await client.mergePatch(shardedClusters, { namespace, name }, patch, {}, signal);
}

function describe({ entry, status }: ShardView): string {
  return `${entry.name}: ${status?.state ?? 'state unknown'}, primary ${entry.primary ?? 'none'}, epoch ${entry.epoch}`;
}
