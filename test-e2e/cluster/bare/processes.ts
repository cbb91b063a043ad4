import { waitFor } from '../machine/wait.ts';
import { processesIn, removeCgroup, thawCgroup } from './cgroups.ts';
import type { CgroupHierarchies } from './cgroups.ts';
import { readProcess } from '../machine/process-table.ts';

/** The group must stay empty this often in a row, so that a process just being started is met as well. */
const emptyRounds = 3;

/** Ends every process of the group and of those below it with SIGKILL, and waits until they are gone. */
export async function killCgroup(hierarchies: CgroupHierarchies, path: string): Promise<void> {
  let empty = 0;
  await waitFor(
    `the end of all processes of ${path}`,
    () => {
      thawCgroup(hierarchies, path);
      const alive = processesIn(hierarchies, path).filter((pid) => readProcess(pid) !== undefined);
      for (const pid of alive) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended between the look and the kill.
        }
      }
      empty = alive.length === 0 ? empty + 1 : 0;
      return empty >= emptyRounds ? true : undefined;
    },
    { timeoutMilliseconds: 120_000, everyMilliseconds: 30 },
  );
}

/** Removes an empty group; the kernel lets go of it a moment after its last process. */
export async function removeCgroupSoon(hierarchies: CgroupHierarchies, path: string): Promise<void> {
  await waitFor(
    `the removal of the control group ${path}`,
    () => {
      removeCgroup(hierarchies, path);
      return true;
    },
    { timeoutMilliseconds: 60_000, everyMilliseconds: 30 },
  );
}
