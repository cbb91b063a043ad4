/** What an agent tells of its databases when it is asked, as it travels. */
import { z } from 'zod';
import type { DatabaseHoldings } from '../../core/rebuild/evidence.ts';
import { MOVABILITY_PROBLEMS, type MovabilityFinding } from '../../engines/slot-measure.ts';

/** Something that keeps a database from being moved. */
export type ToldFinding = Pick<MovabilityFinding, 'database' | 'object' | 'problem' | 'message'>;

/** Checks a {@link ToldFinding}. */
export const toldFindingSchema: z.ZodType<ToldFinding> = z.object({
  database: z.string(),
  object: z.string().nullable(),
  problem: z.enum(MOVABILITY_PROBLEMS),
  message: z.string(),
});

/** What is told of a shard whose map is gone. */
export interface ToldHoldings extends DatabaseHoldings {
  /** The newest revision of the map that this agent has read; 0 for none. */
  readonly revision: number;
}

const names = z.array(z.string());
const count = z.int().min(0);

/** Checks {@link ToldHoldings}. */
export const toldHoldingsSchema: z.ZodType<ToldHoldings> = z.object({
  revision: count,
  served: names,
  closed: names,
  missing: names,
  fences: z.array(z.object({ database: z.string(), revision: count })),
  moves: z.array(z.object({ id: z.string(), database: z.string() })),
});
