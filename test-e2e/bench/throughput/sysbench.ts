/** sysbench as Debian packages it, run within the root file system of a server and by way of its socket. */
import { join } from 'node:path';
import type { MemberProcesses } from '../../agent/member-processes.ts';
import { runCommand } from '../../cluster/machine/command.ts';
import { confineCalls } from '../../mariadb/confined-program.ts';
import { layoutOfMember, type ShardStage } from '../shard-stage.ts';

/** Workloads of sysbench. */
export type Workload = 'oltp_write_only' | 'oltp_read_write';

const SCHEMA = 'conformance_bench';
const USER = 'bench';
const PASSWORD = 'bench';
const TABLES = 4;
const ROWS = 25_000;
const THREADS = 4;

/** Makes the account and the tables on the primary of a stage. */
export async function prepareSysbench(stage: ShardStage, primary: MemberProcesses): Promise<void> {
  await stage.query(
    primary,
    `CREATE DATABASE ${SCHEMA}`,
    `CREATE USER ${USER}@localhost IDENTIFIED BY '${PASSWORD}'`,
    `GRANT ALL ON ${SCHEMA}.* TO ${USER}@localhost`,
  );
  await sysbench(primary, 'oltp_write_only', ['prepare']);
}

/** One run of so many seconds. Rejects when anything fails in it. */
export async function runSysbench(
  primary: MemberProcesses,
  workload: Workload,
  seconds: number,
): Promise<void> {
  await sysbench(primary, workload, [`--time=${seconds}`, 'run']);
}

async function sysbench(
  member: MemberProcesses,
  workload: Workload,
  words: readonly string[],
): Promise<string> {
  const { rootFileSystem, folder } = member.options;
  const confine = await confineCalls(rootFileSystem, folder);
  const call = confine({
    program: '/usr/bin/sysbench',
    arguments: [
      workload,
      '--db-driver=mysql',
      `--mysql-socket=${layoutOfMember(member).socket}`,
      `--mysql-user=${USER}`,
      `--mysql-password=${PASSWORD}`,
      `--mysql-db=${SCHEMA}`,
      `--tables=${TABLES}`,
      `--table-size=${ROWS}`,
      `--threads=${THREADS}`,
      // Replicas and their positions must not depend on luck.
      '--rand-type=uniform',
      ...words,
    ],
  });
  return runCommand(call.program, call.arguments, { directory: join(folder) });
}
