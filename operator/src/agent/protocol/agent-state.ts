/** Everything an agent tells of itself, its volume and its server. */
import { z } from 'zod';
import type { Measure } from '../../engines/measure.ts';
import type { MemberState } from '../../engines/member-state.ts';
import type { VolumeState } from '../../engines/member-files.ts';
import type { Position } from '../../engines/position.ts';
import type { DatabaseSize } from '../../engines/slot-measure.ts';
import type { ServerExit } from '../../launcher/protocol.ts';
import { measureSchema, memberStateSchema, positionSchema } from './member-state.ts';
import { databaseSizeSchema, type MoveReport, moveReportSchema } from './move-report.ts';
import { type UsersState, usersStateSchema } from './users.ts';
import { NOTHING_RETURNED, type ReturnState, returnStateSchema } from './return-state.ts';

/** Which member an agent stands beside. */
export interface MemberIdentity {
  readonly namespace: string;
  readonly cluster: string;
  /** Number of the shard. */
  readonly shard: number;
  readonly pod: string;
  /** Tells this pod from a former one of the same name. */
  readonly podUid: string;
}

/**
 * The server's process, as the launcher knows it.
 * - `unknown`: the launcher does not answer; nothing follows from that.
 * - `running`: not reaped.
 * - `ended`: proof of death: the launcher reaped it, or has killed what its predecessor left.
 */
export type ServerState =
  | { readonly kind: 'unknown'; readonly reason: string }
  | {
      readonly kind: 'running';
      readonly pid: number;
      readonly epoch: number;
      readonly role: string;
      readonly startedAt: number;
    }
  | { readonly kind: 'ended'; readonly lastExit: ServerExit | null };

/** What the agent is busy with, beyond observing. */
export type AgentActivity =
  | { readonly kind: 'idle' }
  | { readonly kind: 'initialising' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'salvaging' }
  | {
      readonly kind: 'cloning';
      /** Pod that is copied. */
      readonly source: string;
      readonly step: 'transfer' | 'prepare' | 'finish';
      readonly bytes: number;
      /** Null before the source has told. */
      readonly estimatedBytes: number | null;
      readonly bytesPerSecond: number;
    };

/** A server that runs and does not answer. */
export interface Unresponsiveness {
  /** Since its last answer. */
  readonly forMilliseconds: number;
  /** Whether it has used the processor meanwhile. One that has not is stopped, or stuck in the kernel. */
  readonly usedProcessor: boolean;
}

/** How hard the server's machine works, by a look each second. */
export interface ServerLoad {
  /** Share of all processors that the server used, from 0 to 1; null while unknown. */
  readonly processorShare: number | null;
  /** Processors it can use. */
  readonly processors: number;
}

/** Something that stands in the way, in words for a condition. */
export interface AgentProblem {
  /** CamelCase, stable. */
  readonly reason: string;
  readonly message: string;
}

/** The state of one member. */
export interface AgentState {
  readonly identity: MemberIdentity;
  /** Tells one agent process from the next. */
  readonly agentId: string;
  readonly agentVersion: string;
  /** The newest epoch of its shard that the agent has read; 0 before the first. */
  readonly epoch: number;
  readonly server: ServerState;
  /** Null while the server answers, or none runs. */
  readonly unresponsive: Unresponsiveness | null;
  /**
   * Milliseconds for which the running server could not be looked at, though it may answer; 0 while it can: for so long
   * at least `member` is old.
   */
  readonly unseenMilliseconds: number;
  /** Null until the volume was looked at. */
  readonly volume: VolumeState | null;
  /** The last observation of the running server; null when none runs or none has succeeded. */
  readonly member: MemberState | null;
  /** End of the member's own log, read from its files while the server is down; null otherwise. */
  readonly ownEnd: Measure<Position> | null;
  /** End of what it received as a replica, likewise. */
  readonly receivedEnd: Measure<Position> | null;
  /** What it received before its server started could not be applied after that, as the server says: another attempt may fail as well. */
  readonly cannotApply: boolean;
  /** The same of the last attempt, also where its server has ended since, or runs anew and was not asked yet. */
  readonly couldNotApply: boolean;
  readonly activity: AgentActivity;
  /** Ready to follow, and waits to be recorded as one whose acknowledgement counts. */
  readonly awaitingAcker: boolean;
  /** Fit for reads; the pod's readiness. */
  readonly fitForReads: boolean;
  /** The pod was asked to stop. */
  readonly terminating: boolean;
  /** Pod that is being given a clone; null for none. */
  readonly cloningTo: string | null;
  /** How the member came back from being a primary, or from being unfit. */
  readonly returned: ReturnState;
  /** What became of the operator's last word about users; null where it has not been carried out in this session. */
  readonly users: UsersState | null;
  /** Whether this agent has made sure of the databases of keyspaces, as the open primary of a shard that has some. */
  readonly databasesMade: boolean;
  /** Of every move on the map that this member, as the open primary, has a part in; empty elsewhere. */
  readonly moves: readonly MoveReport[];
  /** Databases of keyspaces on the open primary, as they were a minute ago at most; null while unknown. */
  readonly sizes: readonly DatabaseSize[] | null;
  /** Null while no server runs, or none was looked at. */
  readonly load: ServerLoad | null;
  /** Bytes that are free on the data volume; null until it was looked at. */
  readonly freeBytes: number | null;
  readonly problems: readonly AgentProblem[];
}

const count = z.int().min(0);

const serverExitSchema: z.ZodType<ServerExit> = z.object({
  pid: z.int(),
  code: z.int().nullable(),
  signal: z.string().nullable(),
  at: z.number(),
});

const serverStateSchema: z.ZodType<ServerState> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('unknown'), reason: z.string() }),
  z.object({
    kind: z.literal('running'),
    pid: z.int(),
    epoch: count,
    role: z.string(),
    startedAt: z.number(),
  }),
  z.object({ kind: z.literal('ended'), lastExit: serverExitSchema.nullable() }),
]);

const preparationStep = z.enum(['initialise', 'clone']);

const volumeStateSchema: z.ZodType<VolumeState> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('empty') }),
  z.object({ kind: z.literal('interrupted'), step: preparationStep }),
  z.object({ kind: z.literal('ready'), origin: preparationStep, engineVersion: z.string() }),
  z.object({ kind: z.literal('unrecognised'), found: z.array(z.string()) }),
]);

const activitySchema: z.ZodType<AgentActivity> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('idle') }),
  z.object({ kind: z.literal('initialising') }),
  z.object({ kind: z.literal('starting') }),
  z.object({ kind: z.literal('salvaging') }),
  z.object({
    kind: z.literal('cloning'),
    source: z.string(),
    step: z.enum(['transfer', 'prepare', 'finish']),
    bytes: count,
    estimatedBytes: count.nullable(),
    bytesPerSecond: z.number().min(0),
  }),
]);

/** Checks an {@link AgentState}. */
export const agentStateSchema: z.ZodType<AgentState> = z.object({
  identity: z.object({
    namespace: z.string(),
    cluster: z.string(),
    shard: count,
    pod: z.string(),
    podUid: z.string(),
  }),
  agentId: z.string(),
  agentVersion: z.string(),
  epoch: count,
  server: serverStateSchema,
  unresponsive: z
    .object({ forMilliseconds: z.number().min(0), usedProcessor: z.boolean() })
    .nullable()
    .default(null),
  unseenMilliseconds: z.number().min(0).default(0),
  volume: volumeStateSchema.nullable(),
  member: memberStateSchema.nullable(),
  ownEnd: measureSchema(positionSchema).nullable(),
  receivedEnd: measureSchema(positionSchema).nullable(),
  cannotApply: z.boolean().default(false),
  couldNotApply: z.boolean().default(false),
  activity: activitySchema,
  awaitingAcker: z.boolean(),
  fitForReads: z.boolean(),
  terminating: z.boolean(),
  cloningTo: z.string().nullable(),
  returned: returnStateSchema.default(NOTHING_RETURNED),
  users: usersStateSchema.nullable().default(null),
  // An agent of an older version says nothing of it.
  databasesMade: z.boolean().default(true),
  moves: z.array(moveReportSchema).default([]),
  sizes: z.array(databaseSizeSchema).nullable().default(null),
  load: z
    .object({
      processorShare: z.number().min(0).nullable(),
      processors: z.number().positive(),
    })
    .nullable()
    .default(null),
  freeBytes: count.nullable().default(null),
  problems: z.array(z.object({ reason: z.string(), message: z.string() })),
});
