import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readProcess } from '../machine/process-table.ts';

const prefix = 'shardwright-control-plane-';

/** A new temporary folder that carries this process's id in its name. */
export async function makeOwnedFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), `${prefix}${String(process.pid)}-`));
}

/** Removes the folders of processes that died without tidying up. */
export async function removeStaleFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (owner !== undefined && readProcess(Number(owner)) === undefined) {
      await rm(join(tmpdir(), name), { recursive: true, force: true });
    }
  }
}
