/** HAProxy in TCP mode: what passes bytes on and understands nothing of them. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChildProgram, startChildProgram } from '../../cluster/control-plane/child-program.ts';
import { runCommand } from '../../cluster/machine/command.ts';
import type { ConfineCall } from '../../mariadb/confined-program.ts';
import { untilListening } from './until-listening.ts';

/** One port of the loopback address, and the server behind it: `127.0.0.1:3306`, or `unix@/path`. */
export interface HaproxyPort {
  readonly port: number;
  readonly server: string;
}

const PROGRAM = '/usr/sbin/haproxy';

/** Starts it with as many threads as there are processors, its default, and resolves when it listens. */
export async function startHaproxy(
  folder: string,
  confineCall: ConfineCall,
  ports: readonly HaproxyPort[],
): Promise<ChildProgram> {
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, configurationOf(ports));
  await chmod(file, 0o644);
  const call = confineCall({ program: PROGRAM, arguments: ['-db', '-f', file] });
  const child = startChildProgram(call.program, call.arguments, join(folder, 'haproxy.log'));
  for (const { port } of ports) {
    await untilListening('HAProxy', port, child);
  }
  return child;
}

/** Its version. Rejects where the package is missing. */
export async function haproxyVersion(confineCall: ConfineCall): Promise<string> {
  const call = confineCall({ program: PROGRAM, arguments: ['-v'] });
  const text = await runCommand(call.program, call.arguments).catch((cause: unknown) => {
    throw new Error(`HAProxy is missing: the root file system needs Debian's package "haproxy"`, { cause });
  });
  return /version ([\d.]+)/.exec(text)?.[1] ?? 'unknown';
}

function configurationOf(ports: readonly HaproxyPort[]): string {
  return [
    'global',
    '  maxconn 4000',
    'defaults',
    '  mode tcp',
    '  timeout connect 10s',
    '  timeout client 1h',
    '  timeout server 1h',
    ...ports.flatMap(({ port, server }) => [
      `listen port${port}`,
      `  bind 127.0.0.1:${port}`,
      `  server database ${server}`,
    ]),
    '',
  ].join('\n');
}
