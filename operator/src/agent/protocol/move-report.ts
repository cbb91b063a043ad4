/** What an agent tells of moves, as it travels. */
import { z } from 'zod';
import type { Position } from '../../engines/position.ts';
import type { DatabaseSize } from '../../engines/slot-measure.ts';
import { positionSchema } from './member-state.ts';

/** Which end of a move this member's shard is: it receives what moves, or gives it. */
export const MOVE_ROLES = ['receiving', 'giving'] as const;

/**
 * What the agent does for a move.
 * - `Waiting`: nothing yet; `held` or `error` may say why.
 * - `Schema`, `Copying`: makes tables, and copies rows.
 * - `CatchingUp`: has copied, and applies what was changed meanwhile.
 * - `Verifying`: compares with the source.
 * - `Following`: is verified, or needs no verification, and applies changes as they come.
 * - `Fenced`: has taken the rights away; nobody can write any more.
 * - `Serving`: has nothing to do but serve.
 * - `Cleaned`: has removed everything of the move.
 * - `Failed`: cannot go on by itself; `error` says why.
 */
export const MOVE_STAGES = [
  'Waiting',
  'Schema',
  'Copying',
  'CatchingUp',
  'Verifying',
  'Following',
  'Fenced',
  'Serving',
  'Cleaned',
  'Failed',
] as const;

export type MoveRole = (typeof MOVE_ROLES)[number];
export type MoveStage = (typeof MOVE_STAGES)[number];

/** Why something waits or failed. */
export interface MoveReason {
  /** CamelCase, stable. */
  readonly reason: string;
  /** A sentence for a person. */
  readonly message: string;
}

/** What one end of a move tells. Counts are of this attempt to copy; nothing of them is kept over a restart of the agent. */
export interface MoveReport {
  /** `spec.moves[].id` */
  readonly id: string;
  readonly role: MoveRole;
  readonly stage: MoveStage;
  /** Epoch of this member's shard in which it is primary. */
  readonly epoch: number;
  /** `spec.moves[].attempt` of the map that this agent acts upon. */
  readonly attempt: number;
  readonly rowsCopied: number;
  /** An estimate; null while unknown. */
  readonly rowsTotal: number | null;
  readonly bytesCopied: number;
  /** An estimate; null while unknown. */
  readonly bytesTotal: number | null;
  readonly rowsPerSecond: number;
  readonly bytesPerSecond: number;
  /** How far what is applied here is behind the other shard; null while nothing follows. */
  readonly lagMilliseconds: number | null;
  /** How much of the other shard's history is applied here for this move; null while nothing is. */
  readonly position: Position | null;
  /** End of this server's own history once everything up to `position` was committed here; null while unknown. */
  readonly ownPosition: Position | null;
  /** What was compared, and equal, in the copy that is there now; null before that. */
  readonly verified: { readonly position: Position; readonly tables: number; readonly rows: number } | null;
  /** The fence that stands; null while none does. */
  readonly fenced: { readonly attempt: number; readonly position: Position } | null;
  /** Why work that could be done waits; null while it does not. */
  readonly held: MoveReason | null;
  /** What went wrong last and has not gone right since. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

const count = z.number().min(0);

/** Checks a {@link MoveReport}. */
export const moveReportSchema: z.ZodType<MoveReport> = z.object({
  id: z.string(),
  role: z.enum(MOVE_ROLES),
  stage: z.enum(MOVE_STAGES),
  epoch: z.int().min(0),
  attempt: z.int().min(1),
  rowsCopied: count,
  rowsTotal: count.nullable(),
  bytesCopied: count,
  bytesTotal: count.nullable(),
  rowsPerSecond: count,
  bytesPerSecond: count,
  lagMilliseconds: count.nullable(),
  position: positionSchema.nullable(),
  ownPosition: positionSchema.nullable(),
  verified: z.object({ position: positionSchema, tables: count, rows: count }).nullable(),
  fenced: z.object({ attempt: z.int().min(1), position: positionSchema }).nullable(),
  held: z.object({ reason: z.string(), message: z.string() }).nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});

/** Checks a {@link DatabaseSize}. */
export const databaseSizeSchema: z.ZodType<DatabaseSize> = z.object({
  database: z.string(),
  rows: count,
  bytes: count,
  rowsPerSecond: z.number().min(0).exactOptional(),
});
