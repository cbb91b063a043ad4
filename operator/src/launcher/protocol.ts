/**
 * What the launcher and the agent say to each other: JSON objects, one a line, over a Unix socket.
 *
 * The checks are written by hand: the launcher must be up within milliseconds, and a schema library alone
 * costs more than that.
 */

/** Grows with every change that an older side would misread. */
export const LAUNCHER_PROTOCOL_VERSION = 1;

/** Longest message either side takes, in bytes. Arguments and environment of a server are a few kilobytes. */
export const MESSAGE_LIMIT_BYTES = 256 * 1024;

/** The program to run as the container's server. */
export interface StartRequest {
  /** Absolute path of the program. */
  readonly program: string;
  readonly arguments: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** Epoch whose role the server boots with. An epoch older than the last one started is refused. */
  readonly epoch: number;
  /** Boot role of that epoch, for the record: `primary`, `replica` or what else the engine knows. */
  readonly role: string;
}

/** How a server ended. */
export interface ServerExit {
  readonly pid: number;
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  /** Signal that ended it, such as `SIGKILL`; null when it exited. */
  readonly signal: string | null;
  /** When the launcher reaped it, in milliseconds since the epoch. */
  readonly at: number;
}

/** A server that runs, as far as the launcher knows: it is its child and was not reaped. */
export interface RunningServer {
  readonly pid: number;
  /** Of its start, or of the last `assign`. */
  readonly epoch: number;
  readonly role: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** Everything the launcher knows. */
export interface LauncherStatus {
  /** Tells one launcher process from the next: a launcher that was restarted knows nothing of before. */
  readonly launcherPid: number;
  /** Milliseconds since the epoch. */
  readonly launcherStartedAt: number;
  readonly server: RunningServer | null;
  /** How the last server of this launcher ended; null when none has. */
  readonly lastExit: ServerExit | null;
  /** Whether the container is being stopped; nothing starts any more. */
  readonly terminating: boolean;
}

/** Why a request was not carried out. */
export type LauncherRefusal =
  | 'AlreadyRunning'
  | 'NotRunning'
  | 'StaleEpoch'
  | 'Terminating'
  | 'SpawnFailed'
  | 'InvalidRequest'
  | 'UnsupportedVersion'
  | 'NotAttached';

/** What the agent sends. `id` is its own choice and comes back in the answer. */
export type LauncherRequest =
  /** First message of a connection: from here on this connection is the launcher's only client. */
  | { readonly type: 'attach'; readonly id: number; readonly version: number }
  | ({ readonly type: 'start'; readonly id: number } & StartRequest)
  /**
   * The server of that process has changed its role while it runs, for the record: an agent that comes after this one finds
   * it under its present role. Refused for another process, and for an epoch older than the last one.
   */
  | {
      readonly type: 'assign';
      readonly id: number;
      readonly pid: number;
      readonly epoch: number;
      readonly role: string;
    }
  /** SIGKILL to the server and everything in its process group. Answered at once; `exited` is the proof. */
  | { readonly type: 'kill'; readonly id: number }
  | { readonly type: 'status'; readonly id: number }
  /** While terminating: the server is no longer needed and may be killed now. */
  | { readonly type: 'released'; readonly id: number };

/**
 * What the launcher sends. Every request gets one `done`, with what is known after it, or one `refused`; the
 * rest comes unasked.
 */
export type LauncherMessage =
  | { readonly type: 'done'; readonly id: number; readonly status: LauncherStatus }
  | {
      readonly type: 'refused';
      /** Null when the request was too broken to have one. */
      readonly id: number | null;
      readonly code: LauncherRefusal;
      readonly message: string;
    }
  | { readonly type: 'exited'; readonly exit: ServerExit }
  /** SIGTERM arrived: `released` is awaited for this long, then the server is killed. */
  | { readonly type: 'terminating'; readonly graceMilliseconds: number }
  /** Another connection attached; this one ends. */
  | { readonly type: 'superseded' };

/** A request that does not say what it must. */
export class InvalidRequestError extends Error {
  readonly code = 'InvalidRequest';
  /** Id of the request where it could be read. */
  readonly id: number | null;

  constructor(id: number | null, message: string) {
    super(message);
    this.name = 'InvalidRequestError';
    this.id = id;
  }
}

/** Reads a request. Throws {@link InvalidRequestError} for anything that is not one. */
export function parseLauncherRequest(line: string): LauncherRequest {
  const value = parseObject(line);
  const id = value['id'];
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) {
    throw new InvalidRequestError(null, 'id must be an integer');
  }
  const type = value['type'];
  switch (type) {
    case 'attach':
      return { type, id, version: integer(id, value, 'version') };
    case 'start':
      return { type, id, ...parseStart(id, value) };
    case 'assign':
      return {
        type,
        id,
        pid: integer(id, value, 'pid'),
        epoch: integer(id, value, 'epoch'),
        role: role(id, value),
      };
    case 'kill':
    case 'status':
    case 'released':
      return { type, id };
    default:
      throw new InvalidRequestError(id, 'type must be attach, start, assign, kill, status or released');
  }
}

/** One message as it travels. */
export function formatLine(message: LauncherRequest | LauncherMessage): string {
  return `${JSON.stringify(message)}\n`;
}

function parseObject(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The line itself is not repeated: it may be anything, a secret included.
    throw new InvalidRequestError(null, 'not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidRequestError(null, 'not a JSON object');
  }
  return value as Record<string, unknown>;
}

function parseStart(id: number, value: Record<string, unknown>): StartRequest {
  const { program } = value;
  if (typeof program !== 'string' || !program.startsWith('/') || program.includes('\0')) {
    throw new InvalidRequestError(id, 'program must be an absolute path');
  }
  const list = value['arguments'];
  if (!Array.isArray(list) || !list.every(isArgument)) {
    throw new InvalidRequestError(id, 'arguments must be a list of text');
  }
  const environment = value['environment'];
  if (
    typeof environment !== 'object' ||
    environment === null ||
    !Object.values(environment).every(isArgument)
  ) {
    throw new InvalidRequestError(id, 'environment must map names to text');
  }
  return {
    program,
    arguments: list,
    environment: environment as Record<string, string>,
    epoch: integer(id, value, 'epoch'),
    role: role(id, value),
  };
}

function role(id: number, value: Record<string, unknown>): string {
  const field = value['role'];
  if (typeof field !== 'string' || field === '') {
    throw new InvalidRequestError(id, 'role must be text');
  }
  return field;
}

/** The kernel ends arguments and variables at a null character, and Node.js throws on one. */
function isArgument(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0');
}

function integer(id: number, value: Record<string, unknown>, name: string): number {
  const field = value[name];
  if (typeof field !== 'number' || !Number.isSafeInteger(field) || field < 0) {
    throw new InvalidRequestError(id, `${name} must be a whole number from 0`);
  }
  return field;
}
