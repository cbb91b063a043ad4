import { readFile } from 'node:fs/promises';

/** Processes that this one has started and that still run. Rejects when it is gone. */
export async function childrenOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children
    .trim()
    .split(/\s+/)
    .filter((text) => text !== '')
    .map(Number);
}
