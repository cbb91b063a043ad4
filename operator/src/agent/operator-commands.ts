import { EngineError } from '../engines/engine-error.ts';
import type { HeldPositions } from '../engines/member-session.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { ActionRunner } from './action-runner.ts';
import type { Outcome } from './change-role.ts';
import type { LauncherClient } from './launcher-client.ts';
import type { StandDown } from './observation.ts';
import { type CommandResults, RefusedError } from './protocol/commands.ts';
import type { UsersCommand } from './protocol/users.ts';
import type { ServerSession } from './server-session.ts';
import type { ShardMapReader } from './shard-map-reader.ts';
import type { CommandHandlers } from './transport/command-responder.ts';

export interface OperatorCommandsOptions {
  readonly shardMap: Pick<ShardMapReader, 'view' | 'read'>;
  readonly launcher: Pick<LauncherClient, 'assign' | 'kill' | 'status'>;
  readonly session: Pick<ServerSession, 'current' | 'require' | 'state' | 'noteClosed' | 'noteSteppedDown'>;
  readonly runner: Pick<ActionRunner, 'cancel' | 'whenEnded'>;
  /** Resolves when no heartbeat is being written; none begins while a command is under way. */
  readonly quietHeartbeat: () => Promise<void>;
  /**
   * Called when an order stands, before receiving is stopped by it, which waits for it where the source may be out of reach.
   * Never rejects. @default nothing
   */
  readonly onStandDown?: (() => Promise<void>) | undefined;
  /** Called when the server has stepped down. */
  readonly onSteppedDown: () => void;
  /** Has the server follow a pod's; see `followSource`. */
  readonly follow: (pod: string, signal: AbortSignal) => Promise<Outcome>;
  /** What the server holds, while there is no map; see `tellHoldings`. */
  readonly readHoldings: (signal: AbortSignal) => Promise<CommandResults['readHoldings']>;
  /** Called when a command has ended, or what it kept from being done may be done again. */
  readonly onEnded: () => void;
  readonly clock: Clock;
}

/**
 * An order to stop receiving may precede the map. One that the map has not caught up with by then was given in vain.
 * Nothing that it keeps from being done is done without reading the map anew, which may be later than what was seen.
 */
const STOP_MILLISECONDS = 5000;

/** The order to step down follows the write that calls for it at once; whoever never hears it must not serve reads for long. */
const STEP_DOWN_MILLISECONDS = 1000;

/** What was received a moment ago is applied in a moment: the answer that says so saves the operator another question. */
const APPLY_MILLISECONDS = 100;

/** More than anybody reads, and few enough for one answer. */
const MOST_FINDINGS = 1000;

/** Carries out what the operator orders beyond the map. Each order also keeps the agent from undoing it. */
export class OperatorCommands {
  readonly #options: OperatorCommandsOptions;
  #standDown: StandDown | null = null;
  /** Until when it counts though the map has not come to its epoch; monotonic milliseconds. */
  #standsUntil = Infinity;
  /** A switchover that has closed the server. */
  #held: { readonly until: number; readonly primary: string | null; readonly mapEpoch: number } | null = null;
  #holdTimer: Timer | null = null;
  /** When the map took off the primary that is held closed; monotonic milliseconds. */
  #deposedAt: number | null = null;
  #preparedFor: number | null = null;
  /** The death after which a restart was ordered. */
  #restart: string | null = null;
  #underWay = 0;
  #usersOrder: UsersCommand | null = null;

  constructor(options: OperatorCommandsOptions) {
    this.#options = options;
  }

  readonly handlers: CommandHandlers = {
    stopReceiving: ({ epoch, isSourceInReach = false }, signal) =>
      this.#carryOut(epoch, async () => {
        const { runner, session } = this.#options;
        // A change of role that is under way has to end first; it begins nothing new after the stand-down.
        this.#requireSession();
        await runner.whenEnded();
        this.#requireSession();
        if (session.state()?.role.kind === 'primary') {
          throw new RefusedError('NotReady', 'the server takes writes');
        }
        const standing = this.#options.onStandDown?.();
        await (isSourceInReach ? undefined : standing);
        return this.#stopReceiving(signal);
      }),
    killServer: ({ epoch }, signal) =>
      this.#carryOut(
        epoch,
        async () => {
          const { runner, launcher } = this.#options;
          // Or it would put a server in the place of the one that is killed. What it has sent already goes first.
          await runner.cancel('start', 'the server is to be killed');
          return { exit: await launcher.kill(signal) };
        },
        Infinity,
      ),
    closeWrites: ({ timeoutMilliseconds, holdMilliseconds }, signal) =>
      this.#whileBusy(async () => {
        const { runner, session, quietHeartbeat } = this.#options;
        await runner.whenEnded();
        this.#requireSession();
        if (session.state()?.role.kind !== 'primary') {
          throw new RefusedError('NotReady', 'the server is no open primary');
        }
        this.#hold(holdMilliseconds);
        try {
          // It would go past the closing, and end up behind the position that is answered.
          await quietHeartbeat();
          const position = await session.require().closeWrites(timeoutMilliseconds, signal);
          session.noteClosed();
          return { position };
        } catch (error) {
          this.#release();
          throw error;
        }
      }),
    stepDown: ({ epoch, position }, signal) =>
      this.#carryOut(
        epoch,
        async () => {
          const { runner, session, launcher } = this.#options;
          await runner.whenEnded();
          this.#requireSession();
          const pid = launcher.status()?.server?.pid;
          if (pid === undefined) {
            throw new RefusedError('NotReady', 'no server runs');
          }
          // What moves do here, which may write while the server is closed, ends with the map.
          await this.#requireDeposed(epoch, signal);
          await session.require().stepDown(position, signal);
          session.noteSteppedDown();
          // Until here it counts as a primary, and is killed should this agent end.
          await launcher.assign({ pid, epoch, role: 'replica' }, signal);
          this.#options.onSteppedDown();
          return {};
        },
        Infinity,
      ),
    reopenWrites: async () => {
      const wasHeld = this.isHeldClosed;
      this.#release();
      this.#options.onEnded();
      return { wasHeld };
    },
    setUsers: async ({ digest, users, untouched, carried }) => {
      this.#usersOrder = { digest, users, untouched, carried };
      this.#options.onEnded();
      return {};
    },
    awaitApplied: ({ position, timeoutMilliseconds }, signal) =>
      this.#whileBusy(async () => {
        const { runner, session } = this.#options;
        await runner.whenEnded();
        this.#requireSession();
        return { reached: await session.require().awaitApplied(position, timeoutMilliseconds, signal) };
      }),
    prepareToLead: ({ epoch, acknowledgement }, signal) =>
      this.#carryOut(epoch, async () => {
        const { runner, session } = this.#options;
        await runner.whenEnded();
        this.#requireSession();
        // Before it looks like one that was promoted: such a server is killed unless it was told to be.
        this.#preparedFor = epoch;
        try {
          await session.require().becomePrimary(acknowledgement, signal);
          return { isPrepared: true };
        } catch (error) {
          if (error instanceof EngineError && error.code === 'ReceivedNotApplied') {
            return { isPrepared: false };
          }
          throw error;
        }
      }),
    prepareToFollow: ({ epoch, primary }, signal) =>
      this.#carryOut(epoch, async () => {
        const { runner, follow } = this.#options;
        await runner.whenEnded();
        this.#requireSession();
        // The first attempt may have had to wait for what was received to be applied.
        const isPrepared =
          (await follow(primary, signal)) === 'done' || (await follow(primary, signal)) === 'done';
        return { isPrepared };
      }),
    readHoldings: (_, signal) => this.#options.readHoldings(signal),
    // Beside whatever else is done: it only reads, and may take long.
    readUsers: async (_request, signal) => {
      this.#requireSession();
      return { users: await this.#options.session.require().readCarriedUsers(signal) };
    },
    inspectDatabases: async ({ databases }, signal) => {
      this.#requireSession();
      const findings = await this.#options.session.require().slots.inspect(databases, signal);
      return { findings: findings.filter(({ isBlocking }) => isBlocking).slice(0, MOST_FINDINGS) };
    },
    findMiddleKey: async ({ database, defaultKey, keys }, signal) => {
      this.#requireSession();
      const columns = new Map(keys.map(({ table, column }) => [table, column]));
      const keyOf = (table: string): string | null => columns.get(table) ?? defaultKey;
      return { key: await this.#options.session.require().slots.middleKey({ database, keyOf }, signal) };
    },
    restartPrimary: async () => {
      this.#restart = this.#presentDeath();
      this.#options.onEnded();
      return { wasDown: this.#restart !== null };
    },
  };

  /** The last order that still counts; null for none. */
  get standDown(): StandDown | null {
    const order = this.#standDown;
    const isOverdue = this.#options.clock.monotonic() >= this.#standsUntil;
    return order !== null && isOverdue && this.#recorded().epoch < order.epoch ? null : order;
  }

  /** Epoch of the promotion for which this member was made ready to lead; null for none. */
  get preparedFor(): number | null {
    return this.#preparedFor;
  }

  /** Whether the operator has said, of this death and of the map as it is, that nobody else takes over. */
  get isRestartOrdered(): boolean {
    return this.#restart !== null && this.#restart === this.#presentDeath();
  }

  /** What the operator last said of users; null before it has. */
  get usersOrder(): UsersCommand | null {
    return this.#usersOrder;
  }

  /** Whether the server is to stay closed for writes: until then, and as long as the map is what it was. */
  get isHeldClosed(): boolean {
    const held = this.#held;
    if (held === null || this.#options.clock.monotonic() >= held.until) {
      return false;
    }
    const { primary, epoch } = this.#recorded();
    return primary === held.primary && epoch === held.mapEpoch;
  }

  /**
   * Whether the server, which a switchover has closed, has been taken off the map a moment ago: the order to step down is
   * on its way, and until it comes, or stays away, it need not be killed.
   */
  get isToStepDown(): boolean {
    return (
      this.#deposedAt !== null && this.#options.clock.monotonic() - this.#deposedAt < STEP_DOWN_MILLISECONDS
    );
  }

  /** Takes note of a change of the map. */
  noteMap(): void {
    const { clock, onEnded } = this.#options;
    const held = this.#held;
    const { primary, epoch } = this.#recorded();
    if (held === null || primary !== null || epoch !== held.mapEpoch + 1 || clock.monotonic() >= held.until) {
      this.#deposedAt = null;
    } else if (this.#deposedAt === null) {
      this.#deposedAt = clock.monotonic();
      this.#holdTimer?.cancel();
      this.#holdTimer = clock.setTimer(STEP_DOWN_MILLISECONDS, onEnded);
    }
  }

  /** Whether a command is under way, beside which nothing else is begun. */
  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  async #carryOut<T>(
    epoch: number,
    command: () => Promise<T>,
    standsMilliseconds = STOP_MILLISECONDS,
  ): Promise<T> {
    const recorded = this.#recorded();
    if (recorded.primary !== null && recorded.epoch >= epoch) {
      // An order that was long on its way would keep this member from following the winner.
      throw new RefusedError('StaleEpoch', `the promotion of epoch ${epoch} is over`);
    }
    this.#standDown = { epoch, primary: recorded.primary, mapEpoch: recorded.epoch };
    this.#standsUntil = this.#options.clock.monotonic() + standsMilliseconds;
    return this.#whileBusy(command);
  }

  async #whileBusy<T>(command: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await command();
    } finally {
      this.#underWay -= 1;
      this.#options.onEnded();
    }
  }

  async #stopReceiving(signal: AbortSignal): Promise<HeldPositions> {
    const session = this.#options.session.require();
    const { received, applied } = await session.stopReceiving(signal);
    const hasDrained =
      received === applied || (await session.awaitApplied(received, APPLY_MILLISECONDS, signal));
    return { received, applied: hasDrained ? received : applied };
  }

  #hold(milliseconds: number): void {
    const { clock, onEnded } = this.#options;
    const { primary, epoch } = this.#recorded();
    this.#release();
    this.#held = { until: clock.monotonic() + milliseconds, primary, mapEpoch: epoch };
    this.#holdTimer = clock.setTimer(milliseconds, onEnded);
  }

  #release(): void {
    this.#held = null;
    this.#holdTimer?.cancel();
  }

  #recorded(): { readonly primary: string | null; readonly epoch: number } {
    const view = this.#options.shardMap.view();
    return view.kind === 'known' ? view.shard : { primary: null, epoch: 0 };
  }

  /** Tells one death of the server in one term from others; null while it runs, or nobody can say. */
  #presentDeath(): string | null {
    const status = this.#options.launcher.status();
    const { primary, epoch } = this.#recorded();
    return status === undefined || status.server !== null
      ? null
      : `${epoch} ${primary} ${status.lastExit?.pid} ${status.lastExit?.at}`;
  }

  /** Rejects unless the map, read now if need be, has no primary in that epoch. */
  async #requireDeposed(epoch: number, signal: AbortSignal): Promise<void> {
    const { shardMap } = this.#options;
    const view = this.#recorded().epoch < epoch ? await shardMap.read(signal) : shardMap.view();
    if (view.kind !== 'known' || view.shard.epoch !== epoch || view.shard.primary !== null) {
      throw new RefusedError('NotReady', `the map does not say that epoch ${epoch} has no primary`);
    }
  }

  #requireSession(): void {
    if (this.#options.session.current === null) {
      throw new RefusedError('NotReady', 'there is no session with the server');
    }
  }
}
