import { Command, CommanderError, Option } from 'commander';
import { AgentEnvironmentError } from '../agent/pod-contract.ts';
import type { OperatorConfig, OperatorSetting } from './operator-config.ts';
import { OPERATOR_SETTINGS, OperatorConfigError, parseOperatorConfig } from './operator-config.ts';
import type { RouterConfig, RouterFlag } from './router-config.ts';
import { parseRouterConfig, ROUTER_FLAGS, RouterConfigError } from './router-config.ts';
import { EXIT_CODES } from './run-process.ts';
import { VERSION } from './version.ts';

/** What the commands do. Each resolves with the exit code of the process. */
export interface CommandActions {
  operator(config: OperatorConfig): Promise<number>;
  runtime(target: string): Promise<number>;
  agent(): Promise<number>;
  router(config: RouterConfig): Promise<number>;
}

/** Where help and mistakes are told. */
export interface ProgramOutput {
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
}

const standardOutput: ProgramOutput = {
  writeOut: (text) => process.stdout.write(text),
  writeErr: (text) => process.stderr.write(text),
};

const EXIT_HELP = `
Exit codes:
  0  stopped as asked, by SIGTERM or SIGINT
  1  failed; start it again
  2  the command line or the environment cannot be used
  3  lost the leadership and could not start itself again`;

/**
 * Reads the command line (without the program's own two first words) and runs the command it names. Resolves
 * with the exit code and never rejects for a mistake in the command line, which is told on `output`.
 */
export async function runProgram(
  commandLine: readonly string[],
  actions: CommandActions,
  output: ProgramOutput = standardOutput,
): Promise<number> {
  let exitCode: number = EXIT_CODES.stopped;
  const program = new Command('shardwright')
    .description('Sharded, replicated MariaDB on Kubernetes')
    .version(VERSION)
    .addHelpText('after', EXIT_HELP)
    .configureOutput(output)
    .exitOverride();

  const operator = program
    .command('operator')
    .description('reconcile ShardedClusters; run by the Helm chart')
    .addHelpText('after', EXIT_HELP)
    .action(async (options: Record<string, unknown>) => {
      exitCode = await actions.operator(parseOperatorConfig(options));
    });
  for (const [name, setting] of Object.entries(OPERATOR_SETTINGS)) {
    operator.addOption(optionOf(name, setting));
  }

  program
    .command('runtime')
    .description('copy Node.js and this program to where database containers run them; run by the operator')
    .requiredOption('--to <folder>', 'folder to copy to')
    .action(async ({ to }: { to: string }) => {
      exitCode = await actions.runtime(to);
    });

  program
    .command('agent')
    .description('look after the database server of its pod; run by the operator')
    .action(async () => {
      exitCode = await actions.agent();
    });

  const router = program
    .command('router')
    .description('one MySQL endpoint in front of all shards; run by the operator')
    .addHelpText('after', EXIT_HELP)
    .action(async (options: Record<string, unknown>) => {
      exitCode = await actions.router(parseRouterConfig(options));
    });
  for (const [name, flag] of Object.entries<RouterFlag>(ROUTER_FLAGS)) {
    router.addOption(flagOf(name, flag));
  }

  try {
    await program.parseAsync(commandLine, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (
      error instanceof OperatorConfigError ||
      error instanceof AgentEnvironmentError ||
      error instanceof RouterConfigError
    ) {
      output.writeErr(`${error.message.replaceAll(/^/gm, 'error: ')}\n`);
      return EXIT_CODES.unusableConfiguration;
    }
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? EXIT_CODES.stopped : EXIT_CODES.unusableConfiguration;
    }
    throw error;
  }
}

function flagOf(name: string, flag: RouterFlag): Option {
  const option = new Option(flag.flag, flag.description);
  if (option.attributeName() !== name) {
    throw new TypeError(`${flag.flag} is not the flag of ${name}`);
  }
  return flag.default === undefined ? option : option.default(flag.default);
}

/** Choices are not given to commander: {@link parseOperatorConfig} tells every mistake at once. */
function optionOf(name: string, setting: OperatorSetting): Option {
  const choices = setting.choices === undefined ? '' : ` (${setting.choices.join(', ')})`;
  const option = new Option(setting.flag, setting.description + choices).env(setting.environment);
  if (option.attributeName() !== name) {
    throw new TypeError(`${setting.flag} is not the flag of the setting ${name}`);
  }
  return setting.default === undefined ? option : option.default(setting.default);
}
