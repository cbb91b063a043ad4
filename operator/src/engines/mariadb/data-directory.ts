/** What the volume holds, and making an empty database on it. */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { EngineError } from '../engine-error.ts';
import type { PreparationStep, VolumeState } from '../member-files.ts';
import { runProgram, type StartProgram } from '../programs.ts';
import { moveDurably, namesIn } from './files.ts';
import type { Layout } from './layout.ts';
import { readOrigin, writeOrigin } from './origin.ts';
import { SCHEMA_SQL } from './own-schema.ts';

/** Things that may lie in the root of any volume: a file system's own, our scratch, what was set aside, what goes. */
const IGNORED = new Set(['lost+found', 'backup', 'kept', 'discarding']);

/** See MemberFiles.inspect. */
export async function inspectVolume(layout: Layout, volumePath: string): Promise<VolumeState> {
  const found = (await namesIn(volumePath)).filter((name) => !IGNORED.has(name));
  if (found.includes('data')) {
    const origin = await readOrigin(layout);
    return origin === undefined
      ? { kind: 'unrecognised', found }
      : { kind: 'ready', origin: origin.origin, engineVersion: origin.engineVersion };
  }
  const foreign = found.filter((name) => name !== 'initialising' && name !== 'cloning');
  if (foreign.length > 0) {
    return { kind: 'unrecognised', found: foreign };
  }
  if (found.includes('cloning')) {
    return { kind: 'interrupted', step: 'clone' };
  }
  return found.includes('initialising') ? { kind: 'interrupted', step: 'initialise' } : { kind: 'empty' };
}

/**
 * Checks that a step may make a data directory here, and gives it an empty folder to work in. What an
 * interrupted step left behind, of either kind, is removed: it was never in use.
 */
export async function beginStep(layout: Layout, volumePath: string, step: PreparationStep): Promise<string> {
  const state = await inspectVolume(layout, volumePath);
  if (state.kind === 'ready' || state.kind === 'unrecognised') {
    throw new EngineError('Refused', `the volume is not empty: ${state.kind}`);
  }
  for (const left of [layout.initialising, layout.cloning, layout.discarding]) {
    await rm(left, { recursive: true, force: true });
  }
  const folder = step === 'clone' ? layout.cloning : layout.initialising;
  await mkdir(folder, { mode: 0o700 });
  await chmod(folder, 0o700);
  return folder;
}

/** See MemberFiles.initialise. */
export async function initialiseVolume(
  layout: Layout,
  volumePath: string,
  start: StartProgram,
  signal: AbortSignal,
): Promise<void> {
  const folder = await beginStep(layout, volumePath, 'initialise');
  const call = {
    program: 'mariadb-install-db',
    arguments: [
      '--no-defaults',
      `--datadir=${folder}`,
      // The name of the machine means nothing in a pod; without this an unresolvable one is an error.
      '--force',
      '--skip-test-db',
      '--skip-name-resolve',
      '--auth-root-authentication-method=socket',
      '--auth-root-socket-user=root',
    ],
  };
  await runProgram(start, call, signal);
  const bootstrap = {
    program: 'mariadbd',
    arguments: ['--no-defaults', '--bootstrap', `--datadir=${folder}`, '--skip-log-bin'],
  };
  await runProgram(start, bootstrap, signal, SCHEMA_SQL);
  const engineVersion = await readServerVersion(start, signal);
  await writeOrigin(layout, folder, { engine: 'MariaDB', origin: 'initialise', engineVersion });
  await moveDurably(folder, layout.data);
}

/** The version of the image's server, such as `11.8.6-MariaDB`. */
export async function readServerVersion(start: StartProgram, signal: AbortSignal): Promise<string> {
  const output = await runProgram(
    start,
    { program: 'mariadbd', arguments: ['--no-defaults', '--version'] },
    signal,
  );
  const version = /Ver (\S+)/.exec(output)?.[1];
  if (version === undefined) {
    throw new EngineError('ProgramFailed', `mariadbd does not tell its version: ${output.slice(0, 200)}`);
  }
  return version;
}
