/** What is told of instances as events: that one was made as a copy, and that one has kept changes nobody else has. */
import type { AgentState } from '../agent/protocol/agent-state.ts';
import type { EventReason } from '../api/v1alpha1/index.ts';

/** One event. */
export interface MemberEvent {
  readonly reason: Extract<EventReason, 'ReplicaCloned' | 'ReplicaRecloned' | 'ChangesKept'>;
  readonly note: string;
}

interface Known {
  /** Pod that is being copied, and whether the copy's acknowledgement counted when that began; null while none is. */
  clone: { readonly source: string; readonly wasAcker: boolean } | null;
  /** Files with changes that were told of, or were there before. */
  readonly kept: Set<string>;
}

/** Remembers, for each pod by its uid, what was told already. */
export class MemberNews {
  readonly #since: number;
  readonly #known = new Map<string, Known>();

  /** What is older than `since`, in milliseconds since the epoch, is no news. */
  constructor(since: number) {
    this.#since = since;
  }

  /** Takes the newest word of a pod's agent; returns what is to be told. `isAcker`: its acknowledgement counts now. */
  hear(uid: string, state: AgentState, isAcker: boolean): readonly MemberEvent[] {
    const known = this.#known.get(uid) ?? { clone: null, kept: new Set() };
    this.#known.set(uid, known);
    return [...clonedEvents(known, state, isAcker), ...this.#keptEvents(known, state)];
  }

  /** Forgets pods that are gone. */
  keepOnly(uids: ReadonlySet<string>): void {
    for (const uid of this.#known.keys()) {
      if (!uids.has(uid)) {
        this.#known.delete(uid);
      }
    }
  }

  #keptEvents({ kept }: Known, { identity, returned }: AgentState): readonly MemberEvent[] {
    const fresh = returned.kept.filter(({ kind, name }) => kind === 'tail' && !kept.has(name));
    fresh.forEach(({ name }) => kept.add(name));
    return fresh
      .filter(({ at }) => at >= this.#since)
      .map(({ path }) => ({
        reason: 'ChangesKept',
        note: `${identity.pod} came back with changes that its successor does not have. They are kept as ${path}.`,
      }));
  }
}

/** A clone that has ended well is told once: the agent has gone from cloning to a complete volume. */
function clonedEvents(known: Known, state: AgentState, isAcker: boolean): readonly MemberEvent[] {
  const { activity, identity, volume, returned } = state;
  if (activity.kind === 'cloning') {
    // A new replica is recorded as an acker as soon as its copy is complete, perhaps before that is heard here.
    known.clone = { source: activity.source, wasAcker: known.clone?.wasAcker ?? isAcker };
    return [];
  }
  if (known.clone === null || volume?.kind !== 'ready') {
    return [];
  }
  const { source, wasAcker } = known.clone;
  known.clone = null;
  const { vacated } = returned;
  if (vacated === null && !wasAcker) {
    return [{ reason: 'ReplicaCloned', note: `${identity.pod} was cloned from ${source}.` }];
  }
  const why = vacated === null ? '' : `, because ${vacated.reason}`;
  const place = vacated?.aside ?? null;
  const aside = place === null ? '' : ` Its former data is kept in ${place}.`;
  const note = `${identity.pod} was made anew as a copy of ${source}${why}.${aside}`;
  return [{ reason: 'ReplicaRecloned', note }];
}
