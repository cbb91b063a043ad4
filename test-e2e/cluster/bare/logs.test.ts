import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { boundLogs } from './logs.ts';

it('moves a log that grew too large aside, and leaves the others alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'logs-'));
  await writeFile(join(folder, 'large.log'), 'x'.repeat(101));
  await writeFile(join(folder, 'small.log'), 'y');
  await boundLogs(folder, 100);
  await expect(readFile(join(folder, 'large.log'), 'utf8')).resolves.toBe('');
  await expect(readFile(join(folder, 'large.log.1'), 'utf8')).resolves.toHaveLength(101);
  await expect(readFile(join(folder, 'small.log'), 'utf8')).resolves.toBe('y');
  await rm(folder, { recursive: true });
});
