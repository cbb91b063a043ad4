import { cpus, release, totalmem } from 'node:os';
import type { RowDataPacket } from 'mysql2/promise';
import { checkoutFolder } from '../../cluster/machine/folders.ts';
import { tryCommand } from '../../cluster/machine/command.ts';
import type { Machine, Surroundings } from '../report/result.ts';
import { onMember } from '../stage/member-session.ts';
import type { Stage } from '../stage/stage.ts';
import { readTopology } from '../stage/topology.ts';

/** As the development cluster starts it (`test-e2e/cluster/bare/node-configuration.ts`); kind's is its own default. */
const KUBE_PROXY = 'iptables mode, default settings (minSyncPeriod 1 s)';

/** What is to be known of machine and versions to compare figures. */
export async function describeSurroundings(stage: Stage): Promise<Surroundings> {
  const { primary } = await readTopology(stage);
  const rows = await onMember(stage, primary, (session) =>
    session.query<RowDataPacket[]>('SELECT VERSION() AS version'),
  );
  const version = await stage.kubectl.run(['version', '--output=json']);
  const { serverVersion } = JSON.parse(version) as { serverVersion: { gitVersion: string } };
  return {
    ...(await describeMachine()),
    mariadb: String(rows[0]?.['version']),
    kubernetes: serverVersion.gitVersion,
    provider: stage.provider,
    kubeProxy: KUBE_PROXY,
  };
}

/** What is to be known of the machine, and which version this is. */
export async function describeMachine(): Promise<Machine> {
  const processors = cpus();
  return {
    commit: await describeCommit(),
    node: process.version,
    kernel: release(),
    processors: processors.length,
    processor: processors[0]?.model.trim() ?? 'unknown',
    memoryGibibytes: Math.round(totalmem() / 2 ** 30),
  };
}

async function describeCommit(): Promise<string> {
  const git = ['-C', checkoutFolder];
  const commit = await tryCommand('git', [...git, 'rev-parse', '--short=10', 'HEAD']);
  // Results themselves are among what changes; only what the image is made of counts.
  const changed = await tryCommand('git', [...git, 'status', '--porcelain', '--', 'operator', 'Dockerfile']);
  return `${commit.standardOutput.trim() || 'unknown'}${changed.standardOutput.trim() === '' ? '' : '+'}`;
}
