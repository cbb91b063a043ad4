import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../failure.ts';
import { withFileLock } from '../machine/file-lock.ts';
import { isAlive, readProcess } from '../machine/process-table.ts';
import type { ProcessIdentity } from '../machine/process-table.ts';
import { waitFor } from '../machine/wait.ts';
import { clusterLayout } from './layout.ts';

/** A long-running program of the cluster, as kept in the state folder so that the caretaker can restart it. */
export interface DaemonSpecification {
  /** Also the name of its log: `logs/NAME.log`. */
  readonly name: string;
  readonly program: string;
  readonly arguments: readonly string[];
  /** The cgroup.procs files it joins before it starts. */
  readonly joinFiles: readonly string[];
  /** A network namespace to run in; the host's when absent. */
  readonly networkNamespace?: string;
  /** The daemon whose mount namespace it shares. */
  readonly mountsOf?: string;
  /** Whether the caretaker starts it again after an unexpected end. */
  readonly restart: 'always' | 'never';
  /** Whether it should be running now: false while its node is killed. */
  readonly wanted: boolean;
}

/**
 * The command line that starts a daemon: a shell joins the cgroups, `nsenter` enters the namespaces, and
 * each replaces itself, so that the process keeps its id. `ip netns exec` would hide the cgroup mounts.
 */
export function launchCommand(specification: DaemonSpecification, mountsPid: number | undefined): string[] {
  const join = specification.joinFiles.map((file) => `echo $$ > ${file}`);
  const namespaces = [
    ...(specification.networkNamespace === undefined ? [] : [`--net=${specification.networkNamespace}`]),
    ...(mountsPid === undefined ? [] : [`--mount=/proc/${String(mountsPid)}/ns/mnt`]),
  ];
  return [
    '/bin/sh',
    '-ec',
    [...join, 'exec "$@"'].join('\n'),
    'sh',
    ...(namespaces.length === 0 ? [] : ['nsenter', ...namespaces, '--']),
    specification.program,
    ...specification.arguments,
  ];
}

/** Starts the daemon unless it runs already just so; records it as wanted. */
export async function startDaemon(specification: DaemonSpecification): Promise<void> {
  const known = await readSpecification(specification.name);
  if (known !== undefined && JSON.stringify({ ...known, wanted: true }) !== JSON.stringify(specification)) {
    await stopDaemon(specification.name);
  }
  await writeSpecification(specification);
  await ensureRunning(specification.name);
}

/**
 * Starts a process for a daemon that is wanted and has none. Safe to call at the same time from the caretaker
 * and from a command: only one of them starts it.
 */
export async function ensureRunning(name: string): Promise<void> {
  await withFileLock(`${identityFile(name)}.lock`, async () => {
    const specification = await readSpecification(name);
    if (specification?.wanted === true && (await runningDaemon(name)) === undefined) {
      await launch(specification);
    }
  });
}

async function launch(specification: DaemonSpecification): Promise<void> {
  await mkdir(clusterLayout.logsFolder, { recursive: true });
  let mountsPid: number | undefined;
  if (specification.mountsOf !== undefined) {
    mountsPid = (await runningDaemon(specification.mountsOf))?.pid;
    if (mountsPid === undefined) {
      throw new ClusterError(
        'NotFound',
        `${specification.mountsOf} does not run, so ${specification.name} cannot start`,
      );
    }
  }
  const [command = '', ...rest] = launchCommand(specification, mountsPid);
  const log = openSync(logFile(specification.name), 'a', 0o600);
  const child = spawn(command, rest, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  child.unref();
  child.on('error', () => undefined);
  const identity = child.pid === undefined ? undefined : readProcess(child.pid);
  if (identity === undefined) {
    throw new ClusterError(
      'CommandFailed',
      `${specification.name} did not start:\n${logTail(specification.name)}`,
    );
  }
  await writeAtomically(identityFile(specification.name), JSON.stringify(identity));
}

/** The daemon's process, or undefined when it does not run. */
export async function runningDaemon(name: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(identityFile(name), 'utf8').catch(() => '');
  if (text === '') {
    return undefined;
  }
  const identity = JSON.parse(text) as ProcessIdentity;
  return isAlive(identity) ? identity : undefined;
}

/** Stops a daemon for good: SIGTERM, then SIGKILL after five seconds. */
export async function stopDaemon(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const specification = await readSpecification(name);
  if (specification !== undefined) {
    await writeSpecification({ ...specification, wanted: false });
  }
  const identity = await runningDaemon(name);
  if (identity === undefined) {
    return;
  }
  sendSignal(identity, signal);
  try {
    await waitFor(`the end of ${name}`, () => (isAlive(identity) ? undefined : true), {
      timeoutMilliseconds: 5000,
      everyMilliseconds: 20,
    });
  } catch {
    sendSignal(identity, 'SIGKILL');
  }
}

/** It may have ended since it was looked at. */
function sendSignal({ pid }: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw error;
    }
  }
}

/** Every daemon on record. */
export async function listDaemons(): Promise<DaemonSpecification[]> {
  const names = await readdir(clusterLayout.daemonsFolder).catch(() => []);
  const found: DaemonSpecification[] = [];
  for (const name of names.filter((file) => file.endsWith('.json')).sort()) {
    const specification = await readSpecification(name.slice(0, -'.json'.length));
    if (specification !== undefined) {
      found.push(specification);
    }
  }
  return found;
}

/** The daemon on record under this name. */
export async function readSpecification(name: string): Promise<DaemonSpecification | undefined> {
  const text = await readFile(specificationFile(name), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as DaemonSpecification);
}

/** Records a daemon; `wanted` says whether the caretaker keeps it running. */
export async function writeSpecification(specification: DaemonSpecification): Promise<void> {
  await writeAtomically(specificationFile(specification.name), JSON.stringify(specification));
}

/** The end of a daemon's log, for error messages. */
export function logTail(name: string, lines = 15): string {
  try {
    return readFileSync(logFile(name), 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

/** Where a daemon's output goes. */
export function logFile(name: string): string {
  return join(clusterLayout.logsFolder, `${name}.log`);
}

function specificationFile(name: string): string {
  return join(clusterLayout.daemonsFolder, `${name}.json`);
}

function identityFile(name: string): string {
  return join(clusterLayout.daemonsFolder, `${name}.process`);
}

async function writeAtomically(path: string, text: string): Promise<void> {
  await mkdir(clusterLayout.daemonsFolder, { recursive: true });
  const temporary = `${path}.${String(process.pid)}`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, path);
}
