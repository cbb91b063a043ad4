/** Logs of processes, kept beyond the folder that they are in. */
import { copyFile, glob, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Copies the logs in a folder and in those within it, each to its place there, and nothing else: passwords lie beside them. */
export async function copyLogs(from: string, to: string): Promise<void> {
  for await (const log of glob(['*.log', '*/*.log'], { cwd: from })) {
    await mkdir(dirname(join(to, log)), { recursive: true });
    await copyFile(join(from, log), join(to, log));
  }
}
