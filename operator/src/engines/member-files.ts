import type { Measure } from './measure.ts';
import type { Lineage, Position } from './position.ts';

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

/** Changes at the end of a member's own log that it wrote itself and another member does not have. */
export interface LogTail {
  /** Where the log, and with it the tail, ends. */
  readonly end: Position;
  /** How many changes. */
  readonly changes: number;
  /** What a file with them takes. */
  readonly bytes: number;
  /**
   * Whether the other certainly lacks all of them. False where its lineage does not name this member: it was made as
   * a copy later than this member's last change, and the tail is only as much as may be lacking.
   */
  readonly certain: boolean;
  /** Whether all of them are the adapter's own upkeep, such as heartbeats: then nobody wants them. */
  readonly isUpkeep: boolean;
}

/** Something of a former life of this member that was kept on the volume. */
export interface KeptItem {
  readonly name: string;
  readonly path: string;
  /** `tail`: changes, as a file. `data`: a data directory. */
  readonly kind: 'tail' | 'data';
  /** When it was last changed: milliseconds since the epoch. */
  readonly at: number;
}

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
  /** Whether the newest change of a position was written by this member, so that its log may end in a tail. */
  wrote(position: Position): boolean;
  /**
   * Changes of this member's own at the end of its log that a member of that lineage lacks, with all that follows
   * them; null for none. The server may run, as long as it writes nothing.
   */
  findTail(lineage: Lineage, signal: AbortSignal): Promise<LogTail | null>;
  /**
   * Keeps that tail as a file under `name`, beside what else is kept, and returns where; null where there is none. One
   * that is kept already is not kept twice: then the name it has is returned. `NoSpace` where the volume cannot take it.
   */
  keepTail(lineage: Lineage, name: string, signal: AbortSignal): Promise<KeptItem | null>;
  /**
   * Keeps everything but upkeep that a member of that lineage certainly lacks, whoever wrote it, applied or only received: for a
   * member whose data is to go. As `keepTail`; the files, none where nothing is lacking. The server must not run.
   */
  keepEverything(lineage: Lineage, name: string, signal: AbortSignal): Promise<readonly KeptItem[]>;
  /** What is kept, oldest first. */
  listKept(signal: AbortSignal): Promise<readonly KeptItem[]>;
  /** Removes something that is kept. Interrupted, it can be done again. */
  discardKept(name: string, signal: AbortSignal): Promise<void>;
  /** Bytes that a ready data directory takes; 0 where there is none. */
  dataBytes(signal: AbortSignal): Promise<number>;
  /**
   * Moves a ready data directory aside, to be kept under `name` on the volume, which is then `empty`: for a member
   * that has what no other has, before it is cloned anew. `Refused` where that name is taken or nothing is ready.
   */
  setAside(name: string, signal: AbortSignal): Promise<KeptItem>;
  /** Removes a ready data directory: the volume is then `empty`. `Refused` where nothing is ready. */
  discardData(signal: AbortSignal): Promise<void>;
}
