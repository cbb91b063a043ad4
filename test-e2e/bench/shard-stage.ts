/** A real shard as processes of this machine: one API server, and three servers with launcher and agent each. */
import type { RowDataPacket } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { prepareAgentAccess } from '../agent/agent-access.ts';
import type { MemberProcesses } from '../agent/member-processes.ts';
import { createShardMap, startOperatorStandIn } from '../agent/operator-stand-in.ts';
import { createShardProcesses, type ShardProcesses } from '../agent/shard-processes.ts';
import { readAgentPassword, AGENT_USER } from '../../operator/src/engines/mariadb/credentials.ts';
import { layoutOf } from '../../operator/src/engines/mariadb/layout.ts';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startControlPlane } from '../cluster/control-plane/index.ts';
import { runCommand } from '../cluster/machine/command.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import type { Progress } from '../cluster/progress.ts';

/** The MariaDB that the figures are about. */
const MARIADB = { version: '11.8', suite: 'trixie' } as const;

const READY = { timeoutMilliseconds: 180_000 };

/** The shard, and ways to it. */
export interface ShardStage {
  readonly shard: ShardProcesses;
  /** Runs statements, as the agent's account, on the server of a member. */
  query(member: MemberProcesses, ...statements: string[]): Promise<RowDataPacket[]>;
  /** Resolves when all servers are fit for reads. */
  untilReady(): Promise<void>;
  /** The version the servers say they have, and what kind of file system they are on. */
  versions(): Promise<Readonly<Record<string, string>>>;
  close(): Promise<void>;
}

/** Programs of Debian that the benchmarks run beside the servers. */
const FURTHER_PACKAGES = ['socat', 'sysbench'];

/** Enough that no benchmark waits for pages, and little enough for three servers on one machine. */
const CONFIGURATION = 'innodb_buffer_pool_size = 256M\ninnodb_log_file_size = 256M';

/** Benchmarks stop agents for seconds; one that wakes up must not take the silence for a cut and kill its server. */
const FENCE_SECONDS = 120;

/** Starts the shard, with its files in `parentFolder`, and waits until replicas follow. */
export async function openShardStage(progress: Progress, parentFolder = tmpdir()): Promise<ShardStage> {
  const cleanUp: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const clean of cleanUp.splice(0).toReversed()) {
      await clean();
    }
  };
  try {
    const controlPlane = await startControlPlane({ log: (line) => progress.note(line) });
    cleanUp.push(() => controlPlane.stop());
    const { client, kubeconfigPath } = await prepareAgentAccess(controlPlane);
    cleanUp.push(async () => client.close());
    const shard = await createShardProcesses(MARIADB, kubeconfigPath, {
      configuration: CONFIGURATION,
      furtherPackages: FURTHER_PACKAGES,
      fenceSeconds: FENCE_SECONDS,
      parentFolder,
    });
    cleanUp.push(() => shard.dispose());
    await createShardMap(
      client,
      shard.members.map(({ pod }) => pod),
    );
    for (const member of shard.members) {
      member.startLauncher();
      member.startAgent();
    }
    const operator = startOperatorStandIn(client, shard.members);
    try {
      await untilReady(shard.members);
    } finally {
      // Every member is recorded; asking for states twice a second would only take part in what is measured.
      await operator.stop();
    }
    return {
      shard,
      query: queryMember,
      untilReady: () => untilReady(shard.members),
      async versions() {
        const [row] = await queryMember(shard.members[0], 'SELECT VERSION() AS version');
        const version = /^[\d.]+/.exec(String(row?.['version']))?.[0] ?? 'unknown';
        return { MariaDB: version, 'files on': await fileSystemOf(shard.members[0].volumePath) };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function untilReady(members: readonly MemberProcesses[]): Promise<void> {
  for (const member of members) {
    await waitFor(
      `${member.pod} is fit for reads`,
      async () => ((await member.page('/readyz')).status === 200 ? true : undefined),
      READY,
    );
  }
}

async function fileSystemOf(path: string): Promise<string> {
  return (await runCommand('stat', ['--file-system', '--format=%T', path])).trim();
}

/** Where the server's files are. */
export function layoutOfMember(member: MemberProcesses): ReturnType<typeof layoutOf> {
  const { folder } = member.options;
  return layoutOf({ volumePath: member.volumePath, memoryPath: join(folder, 'memory') });
}

async function queryMember(member: MemberProcesses, ...statements: string[]): Promise<RowDataPacket[]> {
  const layout = layoutOfMember(member);
  const connection = await createConnection({
    socketPath: layout.socket,
    user: AGENT_USER,
    password: await readAgentPassword(layout),
  });
  try {
    let rows: RowDataPacket[] = [];
    for (const statement of statements) {
      [rows] = await connection.query<RowDataPacket[]>(statement);
    }
    return rows;
  } finally {
    connection.destroy();
  }
}
