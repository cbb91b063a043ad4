/** Commands about what is in the databases. */
import type { Command } from 'commander';
import { connecting, type OutputFormat, parseCount, parseFormat, type RunCommand } from './command-line.ts';
import type { ConnectionFlags } from './connection-flags.ts';
import { PluginFailure } from './failure.ts';
import { showLogs } from './logs.ts';
import { reportCluster } from './report.ts';
import { runSql } from './sql.ts';
import { showWhere } from './where.ts';

const CLUSTER = ['<cluster>', 'name of the ShardedCluster'] as const;

interface WhereFlags extends ConnectionFlags {
  readonly table?: string;
  readonly type?: string;
  readonly collation: string;
  readonly output: OutputFormat;
}

interface LogsFlags extends ConnectionFlags {
  readonly tail: number;
  readonly follow: boolean;
  readonly container?: string;
}

/** Adds `where`, `sql`, `logs` and `report`. */
export function addDatabaseCommands(program: Command, run: RunCommand): void {
  connecting(program.command('where'))
    .description('show the slot, the database, the shard and the primary of a key')
    .argument(...CLUSTER)
    .argument('<keyspace>', 'name of the keyspace')
    .argument('<key>', 'value of the key column, as between quotes in SQL; bytes as 0x…')
    .option('--table <name>', 'table whose key column is meant (default: any of the keyspace)')
    .option('--type <type>', 'type of the key column, as bigint or varchar(64) (default: asked of a server)')
    .option('--collation <name>', 'collation of the key column, with --type', 'utf8mb4_bin')
    .option('-o, --output <format>', 'text or json', parseFormat, 'text')
    .action(async (cluster: string, keyspace: string, key: string, flags: WhereFlags) =>
      run(flags, (session, signal) => {
        const { table, type, collation, output } = flags;
        const column = {
          ...(table === undefined ? {} : { table }),
          ...(type === undefined ? {} : { type }),
        };
        return showWhere(session, { cluster, keyspace, key, collation, output, ...column }, signal);
      }),
    );

  connecting(program.command('sql'))
    .description(
      'run MariaDB’s client: as the application at the routers, or as the administrator at a shard',
    )
    .argument(...CLUSTER)
    .argument('[arguments...]', 'arguments of the client, behind --')
    .option('--shard <shard>', 'number or name of the shard whose primary is asked')
    .option('--router', 'ask the routers, which is the default', false)
    .action(
      async (
        cluster: string,
        clientArguments: string[],
        flags: ConnectionFlags & { shard?: string; router: boolean },
      ) =>
        run(flags, (session, signal) => {
          const { shard, router } = flags;
          if (shard !== undefined && router) {
            throw new PluginFailure('Usage', 'say either --shard or --router');
          }
          const target = shard === undefined ? {} : { shard };
          return runSql(session, { cluster, clientArguments, ...target }, signal);
        }),
    );

  connecting(program.command('logs'))
    .description('show what the pods of a cluster, or of one shard, write')
    .argument(...CLUSTER)
    .argument('[shard]', 'number or name of the shard (default: all pods, routers included)')
    .option('--tail <lines>', 'lines of each container', parseCount, 50)
    .option('-f, --follow', 'go on with what is written from now on', false)
    .option('-c, --container <name>', 'container: mariadb, agent or router (default: all)')
    .action(async (cluster: string, shard: string | undefined, flags: LogsFlags) =>
      run(flags, (session, signal) => {
        const { tail: lines, follow, container } = flags;
        const choice = {
          ...(shard === undefined ? {} : { shard }),
          ...(container === undefined ? {} : { container }),
        };
        return showLogs(session, { cluster, lines, follow, ...choice }, signal);
      }),
    );

  connecting(program.command('report'))
    .description('audit a cluster: every row is there once, in its slot; map, databases and rights agree')
    .argument(...CLUSTER)
    .option('-o, --output <format>', 'text or json', parseFormat, 'text')
    .action(async (cluster: string, flags: ConnectionFlags & { output: OutputFormat }) =>
      run(flags, (session, signal) => reportCluster(session, { cluster, output: flags.output }, signal)),
    );
}
