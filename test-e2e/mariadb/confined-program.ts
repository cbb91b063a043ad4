/** Running programs of a root file system, as an unprivileged user and with one folder of the machine. */
import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lchownSync, lstatSync, readdirSync } from 'node:fs';
import { type ProgramCall, startProgram, type StartProgram } from '../../operator/src/engines/programs.ts';

/** Nobody on this machine has it, and it has no entry in the root file system: as in a pod with a user of its own. */
export const SERVER_USER_ID = 41_306;

/**
 * Enters a mount namespace of its own, so that the mounts end with the program. Every step replaces the one
 * before: the child's process id is the program's. mariadb-backup needs /proc to find itself.
 */
const ENTER = `set -e
root=$1; shared=$2; user=$3; shift 3
mount --rbind "$shared" "$root$shared"
mount --rbind /proc "$root/proc"
exec chroot --userspec="$user:$user" --groups= "$root" "$@"`;

/** Turns a call of a program into one that runs it there. */
export type ConfineCall = (call: ProgramCall) => ProgramCall;

/**
 * Prepares a root file system for programs that share `sharedFolder` with the machine, under the same path. What
 * lies there is handed over with each call: the agent of a pod has the server's user, and the test is root.
 */
export async function confineCalls(root: string, sharedFolder: string): Promise<ConfineCall> {
  await mkdir(join(root, sharedFolder), { recursive: true });
  await chown(sharedFolder, SERVER_USER_ID, SERVER_USER_ID);
  return ({ program, arguments: programArguments, environment }) => {
    handOver(sharedFolder);
    const enter = ['--mount', '--propagation', 'private', 'sh', '-c', ENTER, 'sh'];
    const user = String(SERVER_USER_ID);
    return {
      program: '/usr/bin/unshare',
      arguments: [...enter, root, sharedFolder, user, program, ...programArguments],
      ...(environment === undefined ? {} : { environment }),
    };
  };
}

/** Starts programs there; see {@link confineCalls}. */
export async function confine(root: string, sharedFolder: string): Promise<StartProgram> {
  const confineCall = await confineCalls(root, sharedFolder);
  return (call) => startProgram(confineCall(call));
}

/** Gives everything below a folder to the server's user. */
function handOver(folder: string): void {
  for (const entry of whileThere(() => readdirSync(folder, { withFileTypes: true })) ?? []) {
    const path = join(folder, entry.name);
    whileThere(() => {
      if (lstatSync(path).uid !== SERVER_USER_ID) {
        lchownSync(path, SERVER_USER_ID, SERVER_USER_ID);
      }
    });
    if (entry.isDirectory()) {
      handOver(path);
    }
  }
}

/** Undefined where the file is gone: what a running server removes meanwhile is its own. */
function whileThere<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
    return undefined;
  }
}
