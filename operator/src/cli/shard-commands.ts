/** Commands about the number of shards and what moves between them. */
import type { Command } from 'commander';
import {
  connecting,
  type OutputFormat,
  parseCount,
  parseFormat,
  parseSeconds,
  type RunCommand,
} from './command-line.ts';
import type { ConnectionFlags } from './connection-flags.ts';
import { move } from './move.ts';
import { showPlan } from './plan.ts';
import { listAll, REBALANCE_MEANINGS, REBALANCE_WORDS, sayWord, showRebalance } from './rebalance.ts';
import { watchRebalance } from './rebalance-watch.ts';
import { retryRebalance } from './retry.ts';
import { scale } from './scale.ts';
import { split } from './split.ts';

interface OutputFlags extends ConnectionFlags {
  readonly output: OutputFormat;
}

interface ChangeFlags extends ConnectionFlags {
  readonly yes: boolean;
  readonly dryRun: boolean;
}

const CLUSTER = ['<cluster>', 'name of the ShardedCluster'] as const;
const MEANT = ['<name>', 'name of the ShardRebalance, or of its cluster'] as const;

/** Adds `plan`, `scale`, `move` and `rebalance`. */
export function addShardCommands(program: Command, run: RunCommand): void {
  withOutput(connecting(program.command('plan')))
    .description('show what another number of shards would move, and cost; creates nothing')
    .argument(...CLUSTER)
    .requiredOption('--shards <number>', 'number of shards', parseCount)
    .action(async (cluster: string, flags: OutputFlags & { shards: number }) =>
      run(flags, (session, signal) =>
        showPlan(session, { cluster, shards: flags.shards, output: flags.output }, signal),
      ),
    );

  withConsent(connecting(program.command('scale')))
    .description('change the number of shards, after showing the plan')
    .argument(...CLUSTER)
    .requiredOption('--shards <number>', 'number of shards', parseCount)
    .action(async (cluster: string, flags: ChangeFlags & { shards: number }) =>
      run(flags, (session, signal) => {
        const { shards, yes, dryRun } = flags;
        return scale(session, { cluster, shards, yes, dryRun }, signal);
      }),
    );

  withConsent(connecting(program.command('move')))
    .description('move one slot, or the unsharded tables of a keyspace, to another shard')
    .argument(...CLUSTER)
    .argument('<keyspace>', 'name of the keyspace')
    .argument('<slot>', 'number of the slot, or unsharded')
    .requiredOption('--to <shard>', 'number or name of the shard')
    .action(async (cluster: string, keyspace: string, slot: string, flags: ChangeFlags & { to: string }) =>
      run(flags, (session, signal) => {
        const { to, yes, dryRun } = flags;
        return move(session, { cluster, keyspace, slot, to, yes, dryRun }, signal);
      }),
    );

  withConsent(connecting(program.command('split')))
    .description('split a slot of a keyspace that is cut by intervals of keys into two')
    .argument(...CLUSTER)
    .argument('<keyspace>', 'name of the keyspace, of strategy Range')
    .argument('<slot>', 'number of the slot')
    .option('--at <key>', 'first key of the upper part (default: that in the middle of its rows)')
    .option('--to <shard>', 'number or name of the shard that shall have the upper part (default: it stays)')
    .action(
      async (
        cluster: string,
        keyspace: string,
        slot: string,
        flags: ChangeFlags & { at?: string; to?: string },
      ) =>
        run(flags, (session, signal) => {
          const { at, to, yes, dryRun } = flags;
          const options = { cluster, keyspace, slot, yes, dryRun };
          return split(
            session,
            { ...options, ...(at === undefined ? {} : { at }), ...(to === undefined ? {} : { to }) },
            signal,
          );
        }),
    );

  const rebalance = program
    .command('rebalance')
    .description('look at what moves between shards, and approve, hold or undo it');
  addRebalanceViews(rebalance, run);
  addRebalanceWords(rebalance, run);
  addRetry(rebalance, run);
}

function addRebalanceViews(rebalance: Command, run: RunCommand): void {
  withOutput(connecting(rebalance.command('list')))
    .description('list rebalances')
    .argument('[cluster]', 'name of a ShardedCluster (default: all of the namespace)')
    .action(async (cluster: string | undefined, flags: OutputFlags) =>
      run(flags, (session, signal) => listAll(session, cluster, flags.output, signal)),
    );

  withOutput(connecting(rebalance.command('show')))
    .description('show how far a rebalance has come, and its plan')
    .argument(...MEANT)
    .action(async (meant: string, flags: OutputFlags) =>
      run(flags, (session, signal) => showRebalance(session, meant, flags.output, signal)),
    );

  connecting(rebalance.command('watch'))
    .description('look on until a rebalance has ended')
    .argument(...MEANT)
    .option('--until-soaking', 'end when all moves are cut over, and do not wait for the soak time', false)
    .option('--timeout <seconds>', 'how long to look on (default: until the end)', parseSeconds)
    .action(async (meant: string, flags: ConnectionFlags & { untilSoaking: boolean; timeout?: number }) =>
      run(flags, (session, signal) => {
        const { untilSoaking, timeout } = flags;
        const limit = timeout === undefined ? {} : { timeoutSeconds: timeout };
        return watchRebalance(session, { meant, untilSoaking, ...limit }, signal);
      }),
    );
}

function addRebalanceWords(rebalance: Command, run: RunCommand): void {
  for (const word of REBALANCE_WORDS) {
    withConsent(connecting(rebalance.command(word)))
      .description(REBALANCE_MEANINGS[word].description)
      .argument(...MEANT)
      .action(async (meant: string, flags: ChangeFlags) =>
        run(flags, (session, signal) => {
          const { yes, dryRun } = flags;
          return sayWord(session, { meant, word, yes, dryRun }, signal);
        }),
      );
  }
}

function addRetry(rebalance: Command, run: RunCommand): void {
  withConsent(connecting(rebalance.command('retry')))
    .description('plan again what a rebalance has left that failed, or was cancelled or rolled back')
    .argument(...MEANT)
    .action(async (meant: string, flags: ChangeFlags) =>
      run(flags, (session, signal) => {
        const { yes, dryRun } = flags;
        return retryRebalance(session, { meant, yes, dryRun }, signal);
      }),
    );
}

function withOutput(command: Command): Command {
  return command.option('-o, --output <format>', 'text or json', parseFormat, 'text');
}

function withConsent(command: Command): Command {
  return command
    .option('-y, --yes', 'do not ask', false)
    .option('--dry-run', 'show what would be changed, and do nothing', false);
}
