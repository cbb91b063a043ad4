import type { Measure } from './measure.ts';
import type { Position } from './position.ts';

/** A step that makes a data directory. It works beside the final place and moves there when complete. */
export type PreparationStep = 'initialise' | 'clone';

/**
 * What the volume holds.
 * - `empty`: nothing of ours and nothing of anybody's.
 * - `interrupted`: a step was cut short; doing it again discards what it left.
 * - `ready`: a complete data directory, and how it came to be.
 * - `unrecognised`: files that no step of ours left. Never overwritten: a person decides.
 */
export type VolumeState =
  | { readonly kind: 'empty' }
  | { readonly kind: 'interrupted'; readonly step: PreparationStep }
  | { readonly kind: 'ready'; readonly origin: PreparationStep; readonly engineVersion: string }
  | { readonly kind: 'unrecognised'; readonly found: readonly string[] };

/** The data directory while no server runs in it. All methods leave a ready directory's content unchanged. */
export interface MemberFiles {
  /** What the volume holds. Reads directory entries only. */
  inspect(signal: AbortSignal): Promise<VolumeState>;
  /**
   * The end of this member's own log of changes: on a dead primary everything that may have been
   * acknowledged. A torn last transaction is not counted: it was acknowledged to nobody. Unknown where files
   * are missing or unreadable.
   */
  readOwnEnd(signal: AbortSignal): Promise<Measure<Position>>;
  /**
   * The end of what this member received as a replica; empty where it received nothing. It may be ahead of
   * what it applied: then `MemberSession.salvage` comes before any `follow`.
   */
  readReceivedEnd(signal: AbortSignal): Promise<Measure<Position>>;
  /**
   * Makes an empty database, from an `empty` volume or one where initialising was interrupted. Interrupted at
   * any point, `inspect` says so and a further call does it again. Any other state: EngineError `Refused`.
   */
  initialise(signal: AbortSignal): Promise<void>;
  /**
   * Moves a ready data directory aside, to be kept under `name` on the volume, which is then `empty`: for a member
   * that has what no other has, before it is cloned anew. `Refused` where that name is taken or nothing is ready.
   */
  setAside(name: string, signal: AbortSignal): Promise<void>;
}
