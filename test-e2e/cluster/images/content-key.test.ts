import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { suiteOf } from './base-image.ts';
import { archivePrefix } from './builder.ts';
import { hashFolder, imageKey } from './content-key.ts';

describe('hashFolder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hash-'));
    await writeFile(join(folder, 'a'), 'one');
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('changes with content, names and the executable bit', async () => {
    const seen = [await hashFolder(folder)];
    await writeFile(join(folder, 'a'), 'two');
    seen.push(await hashFolder(folder));
    await chmod(join(folder, 'a'), 0o755);
    seen.push(await hashFolder(folder));
    await writeFile(join(folder, 'b'), '');
    seen.push(await hashFolder(folder));
    expect(new Set(seen).size).toBe(4);
  });

  it('does not change with time stamps or node_modules', async () => {
    const before = await hashFolder(folder);
    await utimes(join(folder, 'a'), 1, 1);
    await mkdir(join(folder, 'node_modules'));
    await writeFile(join(folder, 'node_modules', 'x'), '');
    await expect(hashFolder(folder)).resolves.toBe(before);
  });
});

describe('imageKey', () => {
  const inputs = { context: 'c', dockerfile: 'd', tag: 't', buildArguments: { A: '1', B: '2' } };

  it('does not depend on the order of build arguments', () => {
    expect(imageKey({ ...inputs, buildArguments: { B: '2', A: '1' } })).toBe(imageKey(inputs));
  });

  it.each([
    ['context', { ...inputs, context: 'x' }],
    ['Dockerfile', { ...inputs, dockerfile: 'x' }],
    ['tag', { ...inputs, tag: 'x' }],
    ['a build argument', { ...inputs, buildArguments: { A: '1', B: '3' } }],
  ])('changes with the %s', (_title, changed) => {
    expect(imageKey(changed)).not.toBe(imageKey(inputs));
  });
});

describe('suiteOf', () => {
  it('reads the code name', () => {
    expect(suiteOf('ID=debian\nVERSION_CODENAME=bookworm\n')).toBe('bookworm');
    expect(() => suiteOf('ID=arch\n')).toThrow(/names no release/);
  });
});

describe('archivePrefix', () => {
  it('is one for all tags of a repository, and never the beginning of that of another', () => {
    expect(archivePrefix('localhost/shardwright:1')).toBe(archivePrefix('localhost/shardwright:2'));
    expect(
      archivePrefix('localhost/shardwright-base:1').startsWith(archivePrefix('localhost/shardwright:1')),
    ).toBe(false);
    expect(archivePrefix('host:5000/a')).toBe('host-5000-a--');
  });
});
