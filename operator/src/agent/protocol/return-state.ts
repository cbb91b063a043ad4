/** What an agent tells of how its member came back, as it travels. */
import { z } from 'zod';
import type { KeptItem } from '../../engines/member-files.ts';
import type { Position } from '../../engines/position.ts';
import { positionSchema } from './member-state.ts';

/** A data directory that was given up so that the member could be made anew. */
export interface Vacated {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly epoch: number;
  /** Why: the rest of a sentence. */
  readonly reason: string;
  /** Where the old data lies now; null where there was no room for it. */
  readonly aside: string | null;
}

/** What is on the volume of a former life, and why. */
export interface ReturnState {
  /** Files with changes that no other member has, and data directories that were set aside; oldest first. */
  readonly kept: readonly KeptItem[];
  /** The last that this agent has given up; null before the first. */
  readonly vacated: Vacated | null;
  /**
   * That this member is to be made anew and should be no acker any more: everything it may ever have acknowledged, as
   * positions of which another acker has to cover each. Null while it is not.
   */
  readonly leavingAckers: { readonly holds: readonly Position[] } | null;
}

/** An agent that has nothing to tell. */
export const NOTHING_RETURNED: ReturnState = { kept: [], vacated: null, leavingAckers: null };

/** Checks a {@link ReturnState}. */
export const returnStateSchema: z.ZodType<ReturnState> = z.object({
  kept: z.array(
    z.object({ name: z.string(), path: z.string(), kind: z.enum(['tail', 'data']), at: z.number() }),
  ),
  vacated: z
    .object({ at: z.number(), epoch: z.int(), reason: z.string(), aside: z.string().nullable() })
    .nullable(),
  leavingAckers: z.object({ holds: z.array(positionSchema) }).nullable(),
});
