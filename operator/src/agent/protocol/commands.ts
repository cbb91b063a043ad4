/**
 * What the operator tells an agent to do beyond the ShardMap, which the agent reads itself. Every command
 * carries the epoch it was decided in; an agent that knows a later one refuses.
 */
import { z } from 'zod';
import type { Acknowledgement } from '../../engines/boot.ts';
import type { Position } from '../../engines/position.ts';
import type { CarriedUser } from '../../engines/users.ts';
import type { ServerExit } from '../../launcher/protocol.ts';
import { type ToldFinding, toldFindingSchema, type ToldHoldings, toldHoldingsSchema } from './holdings.ts';
import { positionSchema } from './member-state.ts';
import { carriedUsersSchema, type UsersCommand, usersCommandSchema } from './users.ts';

/** What each command answers with. */
export interface CommandResults {
  /**
   * Stop receiving and go on applying. What is received is final until the agent is told to follow; what is applied
   * still grows. `NotReady` where no server answers, or it takes writes.
   */
  readonly stopReceiving: { readonly received: Position; readonly applied: Position };
  /** Kill the server now; answered once it is reaped. Null when none ran. The state tells where its log ends. */
  readonly killServer: { readonly exit: ServerExit | null };
  /**
   * Close the primary for a switchover, and answer with the end of its log once no write is under way. It stays
   * closed until the map changes, and opens again by itself when that has not happened in time. `Failed` when writes
   * do not end in time; then it opens again at once.
   */
  readonly closeWrites: { readonly position: Position };
  /**
   * Have a primary that `closeWrites` has closed, and that the map no longer names, become one that can follow another,
   * without a restart of its server: sessions of clients end. Refused where anything stands against it, above all where its
   * log ends elsewhere than at `position`; then it is to be killed.
   */
  readonly stepDown: Readonly<Record<string, never>>;
  /** End what `closeWrites` began: the server opens again, unless the map has changed. */
  readonly reopenWrites: { readonly wasHeld: boolean };
  /** Wait until a replica has applied a position; false when that has not happened in time. */
  readonly awaitApplied: { readonly reached: boolean };
  /**
   * End following, and get ready to be opened should the map name this member: a head start, while the map is written.
   * False where something that was received is not applied yet. The server stays closed; it is killed when the map
   * names another.
   */
  readonly prepareToLead: { readonly isPrepared: boolean };
  /** Follow a member that was elected and is not on the map yet, likewise. */
  readonly prepareToFollow: { readonly isPrepared: boolean };
  /** Start the recorded primary's server now: nobody else is going to take over. */
  readonly restartPrimary: { readonly wasDown: boolean };
  /**
   * Have the primary's users as they should be. Answered at once; what became of it is in the state, under the digest that
   * came with the command. A member that is no primary does nothing about it before it is one.
   */
  readonly setUsers: Readonly<Record<string, never>>;
  /**
   * The users of the primary that nobody of ours has made, with what the server stores of their passwords. `NotReady` where no
   * server answers.
   */
  readonly readUsers: { readonly users: readonly CarriedUser[] };
  /**
   * What the primary's database holds of keyspaces, for a map that is made again. `NotReady` until the agent knows that there is none,
   * and has ended everything that the former one asked for: until there is another, it changes nobody's rights.
   */
  readonly readHoldings: ToldHoldings;
  /** What keeps databases of the server from being moved. `NotReady` where no server answers. */
  readonly inspectDatabases: { readonly findings: readonly ToldFinding[] };
  /** The key in the middle of a slot's largest table, in canonical form. `NotReady` where no server answers. */
  readonly findMiddleKey: { readonly key: string };
}

/** What each command says besides its epoch. */
export interface CommandParameters {
  readonly stopReceiving: {
    /** The source's machine answers, whatever its server does: to stop takes no time. @default false */
    readonly isSourceInReach?: boolean | undefined;
  };
  readonly killServer: unknown;
  readonly closeWrites: {
    /** How long writes under way may take to end. */
    readonly timeoutMilliseconds: number;
    /** How long the server stays closed if the map does not change. */
    readonly holdMilliseconds: number;
  };
  /** What `closeWrites` has answered. */
  readonly stepDown: { readonly position: Position };
  readonly reopenWrites: unknown;
  readonly awaitApplied: { readonly position: Position; readonly timeoutMilliseconds: number };
  readonly prepareToLead: { readonly acknowledgement: Acknowledgement };
  /** Pod of the member to follow. */
  readonly prepareToFollow: { readonly primary: string };
  readonly restartPrimary: unknown;
  readonly setUsers: UsersCommand;
  readonly readUsers: unknown;
  readonly readHoldings: unknown;
  readonly inspectDatabases: { readonly databases: readonly string[] };
  readonly findMiddleKey: {
    readonly database: string;
    /** Key column of tables that name none; null where they have none. */
    readonly defaultKey: string | null;
    /** Tables that name one. */
    readonly keys: readonly { readonly table: string; readonly column: string }[];
  };
}

export type CommandName = keyof CommandResults;

const resultSchemas: { readonly [Name in CommandName]: z.ZodType<CommandResults[Name]> } = {
  stopReceiving: z.object({ received: positionSchema, applied: positionSchema }),
  killServer: z.object({
    exit: z
      .object({ pid: z.int(), code: z.int().nullable(), signal: z.string().nullable(), at: z.number() })
      .nullable(),
  }),
  closeWrites: z.object({ position: positionSchema }),
  stepDown: z.object({}),
  reopenWrites: z.object({ wasHeld: z.boolean() }),
  awaitApplied: z.object({ reached: z.boolean() }),
  prepareToLead: z.object({ isPrepared: z.boolean() }),
  prepareToFollow: z.object({ isPrepared: z.boolean() }),
  restartPrimary: z.object({ wasDown: z.boolean() }),
  setUsers: z.object({}),
  readUsers: z.object({ users: carriedUsersSchema }),
  readHoldings: toldHoldingsSchema,
  inspectDatabases: z.object({ findings: z.array(toldFindingSchema) }),
  findMiddleKey: z.object({ key: z.string() }),
};

/** A command as it travels. */
export type CommandRequest<Name extends CommandName = CommandName> = {
  [Each in Name]: { readonly command: Each; readonly epoch: number } & CommandParameters[Each];
}[Name];

const epoch = z.int().min(0);
/** Longer than anybody would keep a database from taking writes. */
const patience = z.int().min(1).max(60_000);

/** Checks a command. */
export const commandRequestSchema: z.ZodType<CommandRequest> = z.discriminatedUnion('command', [
  z.object({ command: z.literal('stopReceiving'), epoch, isSourceInReach: z.boolean().optional() }),
  z.object({ command: z.literal('killServer'), epoch }),
  z.object({
    command: z.literal('closeWrites'),
    epoch,
    timeoutMilliseconds: patience,
    holdMilliseconds: patience,
  }),
  z.object({ command: z.literal('stepDown'), epoch, position: positionSchema }),
  z.object({ command: z.literal('reopenWrites'), epoch }),
  z.object({
    command: z.literal('awaitApplied'),
    epoch,
    position: positionSchema,
    timeoutMilliseconds: patience,
  }),
  z.object({
    command: z.literal('prepareToLead'),
    epoch,
    acknowledgement: z.enum(['oneReplica', 'none']),
  }),
  z.object({ command: z.literal('prepareToFollow'), epoch, primary: z.string().min(1) }),
  z.object({ command: z.literal('restartPrimary'), epoch }),
  usersCommandSchema.extend({ command: z.literal('setUsers'), epoch }),
  z.object({ command: z.literal('readUsers'), epoch }),
  z.object({ command: z.literal('readHoldings'), epoch }),
  z.object({ command: z.literal('inspectDatabases'), epoch, databases: z.array(z.string().max(64)) }),
  z.object({
    command: z.literal('findMiddleKey'),
    epoch,
    database: z.string().max(64),
    defaultKey: z.string().max(64).nullable(),
    keys: z.array(z.object({ table: z.string().max(64), column: z.string().max(64) })),
  }),
]);

/** Longest command an agent reads, in bytes: 64 users, each with the names of 64 keyspaces, and room to grow. */
export const COMMAND_LIMIT_BYTES = 512 * 1024;

/**
 * Why an agent does not do what it was asked.
 * - `NotAuthenticated`: the certificate names nobody we know.
 * - `NotAuthorised`: this peer may not ask for that.
 * - `NotFound`: there is nothing of that name.
 * - `InvalidRequest`: it cannot be read.
 * - `StaleEpoch`: decided in an epoch that is over.
 * - `Busy`: one at a time.
 * - `NotReady`: not in this state of the member.
 * - `Failed`: tried, and it did not work.
 */
export const REFUSAL_CODES = [
  'NotAuthenticated',
  'NotAuthorised',
  'NotFound',
  'InvalidRequest',
  'StaleEpoch',
  'Busy',
  'NotReady',
  'Failed',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** The HTTP status that goes with a refusal. */
export const REFUSAL_STATUS: Readonly<Record<RefusalCode, number>> = {
  NotAuthenticated: 401,
  NotAuthorised: 403,
  NotFound: 404,
  InvalidRequest: 400,
  StaleEpoch: 409,
  Busy: 409,
  NotReady: 503,
  Failed: 500,
};

/** A refusal as it travels, and the error thrown on both sides of it. */
export class RefusedError extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RefusedError';
    this.code = code;
  }
}

const refusalSchema = z.object({ code: z.enum(REFUSAL_CODES), message: z.string() });

/** A refusal as the body of an answer. */
export function formatRefusal({ code, message }: RefusedError): string {
  return JSON.stringify({ code, message });
}

/** Reads the body of an answer that is no success. */
export function parseRefusal(text: string, status: number): RefusedError {
  const refusal = refusalSchema.safeParse(parseJson(text));
  return refusal.success
    ? new RefusedError(refusal.data.code, refusal.data.message)
    : new RefusedError('Failed', `answer with status ${status} that cannot be read`);
}

/** Reads the body of a success. Throws {@link RefusedError} when it is none. */
export function parseResult<Name extends CommandName>(command: Name, text: string): CommandResults[Name] {
  const result = resultSchemas[command].safeParse(parseJson(text));
  if (!result.success) {
    throw new RefusedError('Failed', `the answer to ${command} cannot be read`, { cause: result.error });
  }
  return result.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
