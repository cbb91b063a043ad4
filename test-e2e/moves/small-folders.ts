/**
 * Volumes of members with little room, which can be filled to the last byte. Volumes alone, as in a pod: what agents log, and what they keep
 * in memory, lies elsewhere, and an agent that could not log would end.
 */
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../cluster/machine/command.ts';

const BALLAST = 'ballast';
const PIECE_BYTES = 1024 * 1024;

/** File systems in memory, by folder. */
export class SmallFolders {
  readonly #mebibytes: number;
  readonly #folders: string[] = [];

  constructor(mebibytes: number) {
    this.#mebibytes = mebibytes;
  }

  /** Gives a folder a file system of its own. */
  async make(folder: string): Promise<void> {
    const size = `size=${this.#mebibytes}m,mode=755`;
    await runCommand('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', folder]);
    this.#folders.push(folder);
  }

  /** Takes all the room that is left in a folder, until `empty`. */
  async fill(folder: string): Promise<void> {
    const { bavail, bsize } = await statfs(folder);
    const pieces = Math.ceil((bavail * bsize) / PIECE_BYTES) + 1;
    for (let piece = 0; piece < pieces; piece += 1) {
      try {
        await writeFile(join(folder, BALLAST), Buffer.alloc(PIECE_BYTES), { flag: 'a' });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOSPC') {
          return;
        }
        throw error;
      }
    }
  }

  async empty(folder: string): Promise<void> {
    await rm(join(folder, BALLAST), { force: true });
  }

  /** Takes them away, whoever still uses what is in them. */
  async remove(): Promise<void> {
    for (const folder of this.#folders.splice(0)) {
      await runCommand('umount', ['--lazy', folder]);
    }
  }
}
