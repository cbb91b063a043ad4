import type { ActionRunner } from './action-runner.ts';
import type { LauncherClient } from './launcher-client.ts';
import type { StandDown } from './observation.ts';
import { RefusedError } from './protocol/commands.ts';
import type { ServerSession } from './server-session.ts';
import type { ShardMapReader } from './shard-map-reader.ts';
import type { CommandHandlers } from './transport/command-responder.ts';

export interface OperatorCommandsOptions {
  readonly shardMap: Pick<ShardMapReader, 'view'>;
  readonly launcher: Pick<LauncherClient, 'kill'>;
  readonly session: Pick<ServerSession, 'current' | 'require'>;
  readonly runner: Pick<ActionRunner, 'cancel' | 'whenEnded'>;
  /** Called when a command has ended. */
  readonly onEnded: () => void;
}

/** Carries out what the operator orders beyond the map. Each order also keeps the agent from undoing it. */
export class OperatorCommands {
  readonly #options: OperatorCommandsOptions;
  #standDown: StandDown | null = null;
  #underWay = 0;

  constructor(options: OperatorCommandsOptions) {
    this.#options = options;
  }

  readonly handlers: CommandHandlers = {
    stopReceiving: ({ epoch }, signal) =>
      this.#carryOut(epoch, async () => {
        const { runner, session } = this.#options;
        // A change of role that is under way has to end first; it begins nothing new after the stand-down.
        await runner.whenEnded();
        if (session.current === null) {
          throw new RefusedError('NotReady', 'there is no session with the server');
        }
        return { received: await session.require().stopReceiving(signal) };
      }),
    killServer: ({ epoch }, signal) =>
      this.#carryOut(epoch, async () => {
        const { runner, launcher } = this.#options;
        // Or it would put a server in the place of the one that is killed. What it has sent already goes first.
        await runner.cancel('start', 'the server is to be killed');
        return { exit: await launcher.kill(signal) };
      }),
  };

  /** The last order; null before the first. */
  get standDown(): StandDown | null {
    return this.#standDown;
  }

  /** Whether a command is under way, beside which nothing else is begun. */
  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  async #carryOut<T>(epoch: number, command: () => Promise<T>): Promise<T> {
    const view = this.#options.shardMap.view();
    const shard = view.kind === 'known' ? view.shard : null;
    this.#standDown = { epoch, primary: shard?.primary ?? null, mapEpoch: shard?.epoch ?? 0 };
    this.#underWay += 1;
    try {
      return await command();
    } finally {
      this.#underWay -= 1;
      this.#options.onEnded();
    }
  }
}
