import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from '../failure.ts';

/** The control group file systems of this machine. */
export interface CgroupHierarchies {
  readonly version: 1 | 2;
  /** Mount points: one for version 2, one for each controller set of version 1. */
  readonly mountPoints: readonly string[];
}

/** Reads the hierarchies from the text of /proc/self/mounts. */
export function parseCgroupMounts(mounts: string): CgroupHierarchies {
  const lines = mounts.split('\n').map((line) => line.split(' '));
  const versionOne = mountPointsOf(lines, 'cgroup');
  const versionTwo = mountPointsOf(lines, 'cgroup2');
  if (versionOne.length > 0) {
    // Where both are mounted, the container runtime makes its groups in the second as well.
    return { version: 1, mountPoints: [...versionOne, ...versionTwo] };
  }
  if (versionTwo.length === 0) {
    throw new ClusterError('UnsupportedSystem', 'This machine has no control group file system mounted.', {
      remedy: 'Mount one at /sys/fs/cgroup (systemd and most init systems do).',
    });
  }
  return { version: 2, mountPoints: versionTwo.slice(0, 1) };
}

function mountPointsOf(lines: readonly (readonly string[])[], type: string): string[] {
  return [...new Set(lines.filter((fields) => fields[2] === type).map((fields) => fields[1] ?? ''))];
}

/** The hierarchies of this machine. */
export function readCgroupHierarchies(): CgroupHierarchies {
  return parseCgroupMounts(readFileSync('/proc/self/mounts', 'utf8'));
}

/** Makes the group and its parents in every hierarchy, ready to hold processes or groups below it. */
export function makeCgroup(hierarchies: CgroupHierarchies, path: string): void {
  for (const mountPoint of hierarchies.mountPoints) {
    let folder = mountPoint;
    for (const part of path.split('/')) {
      if (hierarchies.version === 2) {
        delegateControllers(folder);
      }
      const parent = folder;
      folder = join(folder, part);
      mkdirSync(folder, { recursive: true });
      if (hierarchies.version === 1) {
        inheritCpuset(parent, folder);
      }
    }
  }
}

/** The files that a process writes its id to in order to join the group. */
export function joinFiles(hierarchies: CgroupHierarchies, path: string): string[] {
  return hierarchies.mountPoints.map((mountPoint) => join(mountPoint, path, 'cgroup.procs'));
}

/** The ids of all processes in the group and in the groups below it. */
export function processesIn(hierarchies: CgroupHierarchies, path: string): number[] {
  const pids = new Set<number>();
  for (const mountPoint of hierarchies.mountPoints) {
    for (const folder of foldersBelow(join(mountPoint, path))) {
      for (const line of readLines(join(folder, 'cgroup.procs'))) {
        pids.add(Number(line));
      }
    }
  }
  return [...pids];
}

/** Removes the group and all below it, deepest first. They must be empty of processes. */
export function removeCgroup(hierarchies: CgroupHierarchies, path: string): void {
  for (const mountPoint of hierarchies.mountPoints) {
    for (const folder of foldersBelow(join(mountPoint, path)).reverse()) {
      try {
        rmdirSync(folder);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
          throw error;
        }
      }
    }
  }
}

/** Lets a group of frozen processes run again, so that they can be killed. */
export function thawCgroup(hierarchies: CgroupHierarchies, path: string): void {
  for (const mountPoint of hierarchies.mountPoints) {
    for (const folder of foldersBelow(join(mountPoint, path))) {
      for (const [file, value] of [
        ['freezer.state', 'THAWED'],
        ['cgroup.freeze', '0'],
      ] as const) {
        if (existsSync(join(folder, file))) {
          writeFileSync(join(folder, file), value);
        }
      }
    }
  }
}

function foldersBelow(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
  return [folder, ...names.flatMap((name) => foldersBelow(join(folder, name)))];
}

/** In version 1 a new cpuset group has no processors, and nothing can join it until it has some. */
function inheritCpuset(parent: string, folder: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const own = join(folder, file);
    if (existsSync(own) && readFileSync(own, 'utf8').trim() === '') {
      writeFileSync(own, readFileSync(join(parent, file), 'utf8'));
    }
  }
}

/** In version 2 a group's children have only the controllers that it hands on. */
function delegateControllers(folder: string): void {
  const available = readLines(join(folder, 'cgroup.controllers')).join(' ').split(' ').filter(Boolean);
  for (const controller of available) {
    try {
      writeFileSync(join(folder, 'cgroup.subtree_control'), `+${controller}`);
    } catch (error) {
      if (['cpu', 'memory', 'pids'].includes(controller)) {
        throw new ClusterError(
          'UnsupportedSystem',
          `The control group ${folder} cannot hand on the controller ${controller}.`,
          {
            remedy:
              'It holds processes of its own, as in a container: run the cluster on the machine itself.',
            cause: error,
          },
        );
      }
    }
  }
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
