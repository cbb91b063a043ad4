import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Our programs and the parts that they load; maps of their sources are for people. */
const PROGRAM = /\.mjs$/;

/** An empty hosts file, which the agent fills: the kubelet mounts a file only if it is there. */
const HOSTS_FILE = 'hosts';

/** Copies Node.js and our programs into a folder, from where other containers of the pod run them. */
export async function copyRuntime(target: string): Promise<number> {
  const program = await realpath(process.argv[1] ?? '');
  await mkdir(target, { recursive: true });
  await copyFile(process.execPath, join(target, 'node'), constants.COPYFILE_FICLONE);
  await chmod(join(target, 'node'), 0o755);
  for (const name of await readdir(dirname(program))) {
    if (PROGRAM.test(name)) {
      await copyFile(join(dirname(program), name), join(target, name));
    }
  }
  await writeFile(join(target, HOSTS_FILE), '', { mode: 0o644 });
  return 0;
}
