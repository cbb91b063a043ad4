/** The command line of `kubectl shardwright`. */
import { Command, CommanderError } from 'commander';
import { isApiError } from '../runtime/client/api-error.ts';
import { connecting, EXIT_HELP, parseFormat, parseSeconds } from './command-line.ts';
import type { ConnectionFlags } from './connection-flags.ts';
import { addDatabaseCommands } from './database-commands.ts';
import { EXIT_CODES, PluginFailure } from './failure.ts';
import { promote } from './promote.ts';
import type { PluginSession } from './session.ts';
import { addShardCommands } from './shard-commands.ts';
import { showStatus } from './status.ts';
import { switchOver } from './switchover.ts';

/** What the plugin needs of its surroundings. */
export interface PluginWorld {
  /** Connects; `close` ends all connections. */
  readonly connect: (
    flags: ConnectionFlags,
  ) => Promise<PluginSession & { readonly close: () => Promise<void> }>;
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
  readonly version: string;
}

const DEFAULT_TIMEOUT_SECONDS = 60;

/**
 * Reads the command line, without the program's own words, and runs what it names. Resolves with the exit code;
 * rejects for a programming error only.
 */
export async function runPlugin(commandLine: readonly string[], world: PluginWorld): Promise<number> {
  const program = new Command('kubectl shardwright')
    .description('Looks after Shardwright’s databases')
    .version(world.version)
    .addHelpText('after', EXIT_HELP)
    .configureOutput(world)
    .exitOverride();

  const run = async (
    flags: ConnectionFlags,
    body: (session: PluginSession, signal: AbortSignal) => Promise<void>,
  ): Promise<void> => {
    const session = await world.connect(flags);
    try {
      await body(session, world.signal);
    } finally {
      await session.close();
    }
  };

  connecting(program.command('status'))
    .description('show each shard: state, primary, epoch, instances, and what blocks a failover')
    .argument('<cluster>', 'name of the ShardedCluster')
    .option('-o, --output <format>', 'text or json', parseFormat, 'text')
    .action(async (cluster: string, flags: ConnectionFlags & { output: 'text' | 'json' }) =>
      run(flags, (session, signal) => showStatus(session, cluster, flags.output, signal)),
    );

  connecting(program.command('switchover'))
    .description('make another instance the primary of a shard, as planned: nothing is lost')
    .argument('<cluster>', 'name of the ShardedCluster')
    .argument('<shard>', 'number or name of the shard')
    .option('--to <pod>', 'name or number of the pod that shall be primary (default: the operator chooses)')
    .option('--dry-run', 'show what would be asked for, and do nothing', false)
    .option('--timeout <seconds>', 'how long to wait for the end', parseSeconds, DEFAULT_TIMEOUT_SECONDS)
    .action(
      async (
        cluster: string,
        shard: string,
        flags: ConnectionFlags & { to?: string; dryRun: boolean; timeout: number },
      ) =>
        run(flags, (session, signal) => {
          const { to, dryRun, timeout: timeoutSeconds } = flags;
          const options = { cluster, shard, dryRun, timeoutSeconds, ...(to === undefined ? {} : { to }) };
          return switchOver(session, options, signal);
        }),
    );

  connecting(program.command('promote'))
    .description('decide for an instance where a failover is blocked, though acknowledged writes may be lost')
    .argument('<cluster>', 'name of the ShardedCluster')
    .argument('<shard>', 'number or name of the shard')
    .requiredOption('--to <pod>', 'name or number of the pod that shall be primary')
    .option('--accept-data-loss', 'acknowledged writes that this pod does not have may be lost', false)
    .option('--dry-run', 'show what would be decided, and do nothing', false)
    .option('--timeout <seconds>', 'how long to wait for the end', parseSeconds, DEFAULT_TIMEOUT_SECONDS)
    .action(
      async (
        cluster: string,
        shard: string,
        flags: ConnectionFlags & { to: string; acceptDataLoss: boolean; dryRun: boolean; timeout: number },
      ) =>
        run(flags, (session, signal) => {
          const { to, acceptDataLoss, dryRun, timeout: timeoutSeconds } = flags;
          return promote(session, { cluster, shard, to, acceptDataLoss, dryRun, timeoutSeconds }, signal);
        }),
    );

  addShardCommands(program, run);
  addDatabaseCommands(program, run);

  try {
    await program.parseAsync(commandLine, { from: 'user' });
    return EXIT_CODES.done;
  } catch (error) {
    return tell(error, world);
  }
}

function tell(error: unknown, { writeErr, signal }: PluginWorld): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.unusableCommandLine;
  }
  if (error instanceof PluginFailure) {
    writeErr(`error: ${error.message}\n`);
    return error.exitCode;
  }
  if (isApiError(error)) {
    writeErr(`error: ${error.message}\n`);
    return EXIT_CODES.failed;
  }
  if (signal.aborted) {
    writeErr('error: interrupted\n');
    return EXIT_CODES.failed;
  }
  throw error;
}
