/** `MemberState` of the engine port as it travels, checked on arrival. */
import { z } from 'zod';
import type { Measure } from '../../engines/measure.ts';
import type { MemberRole, MemberState } from '../../engines/member-state.ts';
import type { Lineage, Position } from '../../engines/position.ts';

/** Opaque here: only the engine's arithmetic looks inside. */
export const positionSchema = z.string() as unknown as z.ZodType<Position>;

/** A figure that may be unknown. */
export function measureSchema<T>(value: z.ZodType<T>): z.ZodType<Measure<T>> {
  return z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('known'), value }),
    z.object({ kind: z.literal('unknown'), reason: z.string() }),
  ]) as z.ZodType<Measure<T>>;
}

/** What an older agent does not tell. */
const UNTOLD = { kind: 'unknown', reason: 'the agent does not tell' } as const;

const replicationErrorSchema = z.object({ number: z.number(), message: z.string() });

const replicationActivitySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('running') }),
  z.object({ kind: z.literal('connecting'), error: replicationErrorSchema.exactOptional() }),
  z.object({ kind: z.literal('stopped') }),
  z.object({ kind: z.literal('failed'), error: replicationErrorSchema }),
]);

const memberRoleSchema: z.ZodType<MemberRole> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('primary') }),
  z.object({ kind: z.literal('detached') }),
  z.object({
    kind: z.literal('replica'),
    following: z.object({
      source: z.object({ host: z.string(), port: z.number() }),
      receiving: replicationActivitySchema,
      applying: replicationActivitySchema,
      secondsBehind: measureSchema(z.number()),
      lagMilliseconds: measureSchema(z.number()),
      bytesBehind: measureSchema(z.number()),
      silentMilliseconds: measureSchema(z.number()).default(UNTOLD),
    }),
  }),
]);

/** Checks a {@link MemberState}. */
export const memberStateSchema: z.ZodType<MemberState> = z.object({
  observedAt: z.number(),
  version: z.string(),
  uptimeSeconds: z.number(),
  role: memberRoleSchema,
  writable: z.boolean(),
  epoch: measureSchema(z.number()),
  received: measureSchema(positionSchema),
  applied: positionSchema,
  lineage: (z.string() as unknown as z.ZodType<Lineage>).default('' as Lineage),
  heartbeat: measureSchema(z.number()),
  acknowledgement: z.object({
    rule: z.enum(['oneReplica', 'none']),
    waiting: z.boolean(),
    acknowledgers: z.number(),
    waitingSessions: z.number(),
    acknowledgedCommits: z.number(),
    unacknowledgedCommits: z.number(),
    acknowledges: z.boolean(),
  }),
  logBytes: measureSchema(z.number()),
  longestTransactionSeconds: measureSchema(z.number()).default(UNTOLD),
  runningThreads: measureSchema(z.number()).default(UNTOLD),
});
