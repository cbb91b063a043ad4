import type { KeptItem, LogTail } from '../engines/member-files.ts';
import type { Lineage } from '../engines/position.ts';

/**
 * What this member's own log has and the recorded primary has not.
 * - `unexamined`: that cannot be told yet, and what is missing for it.
 * - `none`: another member wrote last: its own log can end in nothing that is only here.
 * - `unreadable`: its log can be neither kept nor compared: the server judges it by itself.
 * - `shared`: this member wrote last, and the primary has it all.
 * - `found`: changes that nobody else has; `kept` is the file they were kept as, null before.
 */
export type TailView =
  | { readonly kind: 'unexamined'; readonly missing: 'log' | 'primary' }
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'shared' }
  | { readonly kind: 'found'; readonly tail: LogTail; readonly kept: KeptItem | null };

/** What the agent of the recorded primary said lately. */
export interface PrimaryView {
  /** The epoch of the map that it goes by. */
  readonly epoch: number;
  /** It was promoted: of what others wrote it has all that it will ever have. */
  readonly isPromoted: boolean;
  /** It takes writes in its epoch, or would if anybody acknowledged them. */
  readonly isServing: boolean;
  /** Replicas that acknowledge to it. */
  readonly acknowledgers: number;
  readonly lineage: Lineage;
}

/** Everything that decides how this member comes back, as a replica of one primary in one epoch. */
export interface ReturnFacts {
  readonly epoch: number;
  readonly primary: string;
  readonly tail: TailView;
  /** For how long this member has known that primary in that epoch. */
  readonly knownMilliseconds: number;
  /** Null where it has not answered lately. */
  readonly primaryView: PrimaryView | null;
  /** How often the server was started although the tail was there. */
  readonly startsWithTail: number;
  /** What keeps replication from going on, and for how long it has; null while it goes on. */
  readonly broken: { readonly reason: string; readonly forMilliseconds: number } | null;
  /** Why the data is given up; null while it is not. */
  readonly givenUp: string | null;
  /** How often this agent has made the member anew lately. */
  readonly recentReclones: number;
  /** Bytes that can still be written to the volume; null while unknown. */
  readonly freeBytes: number | null;
}
