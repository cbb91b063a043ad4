/** Asking the members of a cluster whose map is gone what they know. */
import type { V1Pod } from '@kubernetes/client-node';
import { LABELS } from '../api/v1alpha1/index.ts';
import type { AgentState } from '../agent/protocol/agent-state.ts';
import type { ClusterKey } from '../core/instance-report.ts';
import type { MapEvidence, MemberWord, ShardEvidence } from '../core/rebuild/evidence.ts';
import type { Informer } from '../runtime/cache/informer.ts';
import type { Clock } from '../runtime/clock.ts';
import type { AgentStreams } from './agent-streams.ts';
import { currentState } from './observe-shard.ts';

export interface EvidenceOptions {
  readonly pods: Pick<Informer<V1Pod>, 'list'>;
  readonly streams: Pick<AgentStreams, 'view' | 'command'>;
  readonly clock: Clock;
}

/** So long is waited for those who do not answer yet: they may not have heard that the map is gone. */
const PATIENCE_MILLISECONDS = 3000;
const AGAIN_MILLISECONDS = 100;
/** Reading the names of thousands of databases takes some tens of milliseconds. */
const ANSWER_MILLISECONDS = 2000;

interface Asked {
  readonly uid: string;
  readonly pod: string;
  readonly state: AgentState | null;
}

/** What everybody says, with the holdings of each shard's open primary; of those who say nothing in time, that they do not. */
export async function readMapEvidence(
  options: EvidenceOptions,
  cluster: ClusterKey,
  signal: AbortSignal,
): Promise<MapEvidence> {
  const { clock } = options;
  const deadline = clock.monotonic() + PATIENCE_MILLISECONDS;
  const told = new Map<number, ShardEvidence>();
  for (;;) {
    const shards = membersByShard(options, cluster);
    const open = [...shards].filter(([number]) => (told.get(number)?.holdings ?? null) === null);
    const answers = await Promise.all(
      open.map(async ([number, members]) => askShard(options, number, members, signal)),
    );
    answers.forEach((answer) => told.set(answer.number, answer));
    const current = [...told.values()].filter(({ number }) => shards.has(number));
    const isComplete = current.every(({ holdings, silent }) => holdings !== null && silent.length === 0);
    if (isComplete || clock.monotonic() >= deadline || signal.aborted) {
      return current.toSorted((left, right) => left.number - right.number);
    }
    await clock.sleep(AGAIN_MILLISECONDS, signal);
  }
}

function membersByShard(
  { pods, streams, clock }: EvidenceOptions,
  { namespace, name }: ClusterKey,
): ReadonlyMap<number, readonly Asked[]> {
  const shards = new Map<number, Asked[]>();
  for (const { metadata } of pods.list(namespace)) {
    const number = metadata?.labels?.[LABELS.shard];
    if (metadata?.labels?.[LABELS.cluster] === name && number !== undefined) {
      const uid = metadata.uid ?? '';
      const state = currentState(streams.view(uid), clock.monotonic());
      const members = shards.get(Number(number)) ?? [];
      members.push({ uid, pod: metadata.name ?? '', state });
      shards.set(Number(number), members);
    }
  }
  return shards;
}

async function askShard(
  { streams }: EvidenceOptions,
  number: number,
  members: readonly Asked[],
  signal: AbortSignal,
): Promise<ShardEvidence> {
  const words = members.flatMap(({ pod, state }) => (state === null ? [] : [wordOf(pod, state)]));
  const silent = members.filter(({ state }) => state === null).map(({ pod }) => pod);
  const known = Math.max(0, ...words.map(({ epoch, recordedEpoch }) => Math.max(epoch, recordedEpoch ?? 0)));
  const leader = words.find(
    ({ isPrimary, isWritable, recordedEpoch }) => isPrimary && isWritable && recordedEpoch === known,
  );
  const asked = members.find(({ pod }) => pod === leader?.pod);
  const evidence = { number, members: words, silent };
  if (asked === undefined || asked.state === null) {
    const because = `none of its instances takes writes in epoch ${known}`;
    return { ...evidence, holdings: null, because, revision: 0 };
  }
  try {
    const request = { command: 'readHoldings', epoch: asked.state.epoch } as const;
    const { revision, ...holdings } = await streams.command(asked.uid, request, ANSWER_MILLISECONDS, signal);
    return { ...evidence, holdings, because: null, revision };
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    return {
      ...evidence,
      holdings: null,
      because: `the agent of ${asked.pod} does not tell (${why})`,
      revision: 0,
    };
  }
}

function wordOf(pod: string, { epoch, server, member, volume }: AgentState): MemberWord {
  const isPrimary = server.kind === 'running' && member?.role.kind === 'primary';
  return {
    pod,
    epoch,
    recordedEpoch: member?.epoch.kind === 'known' ? member.epoch.value : null,
    isPrimary,
    isWritable: isPrimary && member.writable,
    isAcknowledged:
      member !== null && (member.acknowledgement.rule === 'none' || member.acknowledgement.acknowledgers > 0),
    isUntouched:
      server.kind === 'ended' &&
      (volume?.kind === 'empty' || (volume?.kind === 'interrupted' && volume.step === 'initialise')),
  };
}
