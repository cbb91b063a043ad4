/** What the loop of a shard remembers between its looks: since when things are as they are. */
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { AgentView } from './agent-client/agent-client.ts';
import { diagnosePrimary, doCommitsHang } from './diagnose-primary.ts';
import { memberOf, type ShardObservation } from './observe-shard.ts';

/** An observation as it is gathered, before it is known how long anything has lasted. */
export type Gathered = Omit<
  ShardObservation,
  'hasOpened' | 'troubledMilliseconds' | 'commitsHangMilliseconds'
>;

/** The last word of an agent: when it came, and for how long we had been held up until then. */
interface Word {
  readonly at: number;
  readonly stalled: number;
}

/** The memory of one shard. All times in monotonic milliseconds. */
export class ShardMemory {
  readonly #since: number;
  readonly #heard = new Map<string, Word>();
  readonly #attended = new Map<string, number>();
  #openedEpoch = -1;
  #troubled: { readonly since: number; readonly primary: string | null } | null = null;
  #commitsHangSince: number | null = null;

  /** `now`: from when on this operator listens. */
  constructor(now: number) {
    this.#since = now;
  }

  /**
   * Notes what the stream of a pod's agent brought, and returns since when it is silent and unattended. Time in which
   * our own event loop was held up, `stalled` milliseconds so far, is no silence of others.
   */
  hear(
    pod: string,
    view: AgentView | undefined,
    stalled: number,
  ): { readonly lastHeard: number; readonly lastAttended: number } {
    // Streams are older than a leader: what they brought counts.
    const before = this.#heard.get(pod) ?? { at: view?.frameReceivedAt ?? this.#since, stalled };
    const at = latest(before.at, view?.frameReceivedAt);
    const word = at > before.at ? { at, stalled } : before;
    // Whoever led before may have shown itself until then.
    const attended = latest(latest(this.#attended.get(pod) ?? this.#since, at), view?.attendedAt);
    this.#heard.set(pod, word);
    this.#attended.set(pod, attended);
    return { lastHeard: word.at + stalled - word.stalled, lastAttended: attended };
  }

  /** Completes an observation with how long things have lasted. */
  complete(gathered: Gathered, now: number): ShardObservation {
    const { shard } = gathered;
    if (hasOpened(gathered)) {
      this.#openedEpoch = Math.max(this.#openedEpoch, shard.epoch);
    }
    this.#commitsHangSince = doCommitsHang(gathered) ? (this.#commitsHangSince ?? now) : null;
    const observation: ShardObservation = {
      ...gathered,
      hasOpened: this.#openedEpoch >= shard.epoch,
      commitsHangMilliseconds: this.#commitsHangSince === null ? null : now - this.#commitsHangSince,
      troubledMilliseconds: null,
    };
    this.#noteTrouble(shard, diagnosePrimary(observation).kind !== 'well', now);
    return {
      ...observation,
      troubledMilliseconds: this.#troubled === null ? null : now - this.#troubled.since,
    };
  }

  #noteTrouble({ primary }: ShardMapShard, isTroubled: boolean, now: number): void {
    if (!isTroubled) {
      this.#troubled = null;
    } else if (this.#troubled?.primary !== primary) {
      this.#troubled = { since: now, primary };
    }
  }
}

function latest(time: number, other: number | undefined): number {
  return Math.max(time, other ?? time);
}

/**
 * Whether the recorded primary has taken writes in its epoch, by its own word or by that of a replica, who has the
 * record that every opening begins with.
 */
function hasOpened({ shard, members }: Gathered): boolean {
  const primary = memberOf({ members }, shard.primary)?.state?.member;
  const isOpen =
    primary?.role.kind === 'primary' &&
    primary.writable &&
    primary.epoch.kind === 'known' &&
    primary.epoch.value >= shard.epoch;
  return (
    isOpen ||
    members.some(({ pod, state }) => {
      const epoch = state?.member?.epoch;
      return shard.ackers.includes(pod) && epoch?.kind === 'known' && epoch.value >= shard.epoch;
    })
  );
}
