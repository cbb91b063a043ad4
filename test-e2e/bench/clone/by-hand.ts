/** What an administrator does who makes a replica without us: mariadb-backup, socat with TLS on both sides, mbstream. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MemberProcesses } from '../../agent/member-processes.ts';
import { findFreePorts } from '../../cluster/control-plane/free-port.ts';
import { waitFor } from '../../cluster/machine/wait.ts';
import { confineCalls } from '../../mariadb/confined-program.ts';
import { layoutOfMember } from '../shard-stage.ts';

/** socat's own default is 8 KiB, which costs it a third of the rate. */
const BLOCK_BYTES = 128 * 1024;

/** Copies `source` into a folder of `target`, which is removed afterwards; returns the milliseconds it took. */
export async function copyByHand(source: MemberProcesses, target: MemberProcesses): Promise<number> {
  const [port = 0] = await findFreePorts(1);
  const folder = join(target.options.folder, 'by-hand');
  await mkdir(folder);
  try {
    const listening = await startPipeline(
      target,
      `socat -u -b ${BLOCK_BYTES} OPENSSL-LISTEN:${port},bind=127.0.0.1,reuseaddr,verify=1,${tlsOf(target)} STDOUT | mbstream -x -C ${folder}`,
    );
    await waitFor('socat listens', () => isListening(port), {
      timeoutMilliseconds: 10_000,
      everyMilliseconds: 20,
    });
    const { clientConfiguration, data, backupScratch } = layoutOfMember(source);
    await mkdir(backupScratch, { recursive: true });
    const started = performance.now();
    const sending = await startPipeline(
      source,
      `mariadb-backup --defaults-file=${clientConfiguration} --backup --stream=mbstream --datadir=${data} --target-dir=${backupScratch} --tmpdir=${backupScratch} | socat -u -b ${BLOCK_BYTES} STDIN OPENSSL:127.0.0.1:${port},verify=1,commonname=localhost,${tlsOf(source)}`,
    );
    await Promise.all([sending.ended, listening.ended]);
    return performance.now() - started;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function tlsOf({ options }: MemberProcesses): string {
  const folder = options.serverTls;
  return `cert=${folder}/tls.crt,key=${folder}/tls.key,cafile=${folder}/ca.crt`;
}

/** Runs a pipeline of bash in the root file system of a member; its end rejects when a part of it fails. */
async function startPipeline(
  { options, pod }: MemberProcesses,
  pipeline: string,
): Promise<{ readonly ended: Promise<void> }> {
  const confine = await confineCalls(options.rootFileSystem, options.folder);
  const call = confine({ program: '/usr/bin/bash', arguments: ['-o', 'pipefail', '-c', pipeline] });
  const child = spawn(call.program, [...call.arguments], { stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (words = (words + chunk).slice(-2000)));
  const end = async (): Promise<void> => {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) {
      throw new Error(`the copy by hand failed at ${pod}: ${words}`);
    }
  };
  const ended = end();
  ended.catch(() => {});
  return { ended };
}

/** Looked up in the kernel's table: a connection would be taken for the sender's. */
async function isListening(port: number): Promise<true | undefined> {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`;
  return (await readFile('/proc/net/tcp', 'utf8')).includes(address) ? true : undefined;
}
