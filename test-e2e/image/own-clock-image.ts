/**
 * A database image whose programs have a wall clock that can be shifted while they run, for tests. It is the stock one with
 * libfaketime (https://github.com/wolfcw/libfaketime) loaded into every program.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runCommand } from '../cluster/machine/command.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import type { Progress } from '../cluster/progress.ts';
import { buildImage, loadImage } from '../cluster/provider.ts';
import type { PackagedMariadb } from '../mariadb/root-file-system.ts';
import { PACKAGED_MARIADB, rootFileSystem } from '../mariadb/root-file-system.ts';
import { archiveOf } from './database-image.ts';

/** In the containers: how many seconds their wall clocks are off, such as `+300`. Read anew every second. */
export const CLOCK_FILE = '/tmp/own-clock';

const FOLDER = '/opt/own-clock';

/**
 * The monotonic clock and the times of files stay as they are: another machine's wall clock may be wrong, time itself goes on.
 * Source: the README of libfaketime.
 */
const ENVIRONMENT = {
  FAKETIME_TIMESTAMP_FILE: CLOCK_FILE,
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  FAKETIME_CACHE_DURATION: '1',
  NO_FAKE_STAT: '1',
} as const;

/** Where Debian puts the library, on the machine's own architecture. */
const LIBRARY = '/usr/lib/*/faketime/libfaketimeMT.so.1';

/** Brings the image to every node, and returns its name. */
export async function ensureOwnClockImage(
  version: PackagedMariadb['version'],
  progress: Progress,
): Promise<string> {
  const packaged = PACKAGED_MARIADB.find((candidate) => candidate.version === version);
  if (packaged === undefined) {
    throw new TypeError(`no package of MariaDB ${version}`);
  }
  const folder = await rootFileSystem(packaged, ['faketime']);
  const archive = await archiveOf(folder);
  const context = join(checkoutFolder, '.dev/own-clock-image', version);
  await mkdir(context, { recursive: true });
  const environment = Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
  // The server starts without any of its container's environment.
  await writeFile(
    join(context, 'mariadbd'),
    `#!/bin/sh\nexport LD_PRELOAD=${FOLDER}/libfaketime.so ${environment.join(' ')}\nexec /usr/sbin/mariadbd "$@"\n`,
    { mode: 0o755 },
  );
  await runCommand('sh', ['-ec', `cp ${folder}${LIBRARY} ${context}/libfaketime.so`]);
  await runCommand('ln', ['--force', archive, join(context, basename(archive))]).catch(() =>
    runCommand('cp', [archive, join(context, basename(archive))]),
  );
  const dockerfile = join(context, '..', `Dockerfile-${version}`);
  await writeFile(
    dockerfile,
    [
      'FROM scratch',
      `ADD ${basename(archive)} /`,
      `COPY mariadbd libfaketime.so ${FOLDER}/`,
      `ENV PATH=${FOLDER}:/usr/sbin:/usr/bin:/sbin:/bin LD_PRELOAD=${FOLDER}/libfaketime.so ${environment.join(' ')}`,
      '',
    ].join('\n'),
  );
  const tag = `localhost/mariadb-own-clock:${version}`;
  await loadImage(await buildImage({ dockerfile, context, tag }, progress), progress);
  return tag;
}
