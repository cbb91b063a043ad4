import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClusterError } from '../failure.ts';
import { runCommand, tryCommand } from './command.ts';
import { withFileLock } from './file-lock.ts';
import { cacheFolder } from './folders.ts';
import { repeatWhile } from './wait.ts';
import { isAlive, parseProcessStat, readProcess } from './process-table.ts';

describe('parseProcessStat', () => {
  it('is not misled by a program name with spaces and parentheses', () => {
    expect(parseProcessStat(7, `7 (a) b (c) ${fieldsAfterName('S')}`)).toMatchObject({
      pid: 7,
      startTime: '17',
    });
  });

  it('takes a zombie for dead', () => {
    expect(parseProcessStat(7, `7 (gone) ${fieldsAfterName('Z')}`)).toBeUndefined();
  });
});

describe('isAlive', () => {
  it('tells a process from a later one with the same id', () => {
    const self = readProcess(process.pid);
    expect(self).toBeDefined();
    expect(self !== undefined && isAlive(self)).toBe(true);
    expect(isAlive({ pid: process.pid, startTime: '1' })).toBe(false);
  });
});

describe('cacheFolder', () => {
  it('follows XDG_CACHE_HOME', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/c' })).toBe('/c/shardwright');
    expect(cacheFolder({})).toMatch(/\.cache\/shardwright$/);
  });
});

describe('runCommand', () => {
  it('returns standard output', async () => {
    await expect(runCommand('cat', [], { input: 'hello' })).resolves.toBe('hello');
  });

  it('fails with the command and the end of its output', async () => {
    await expect(runCommand('sh', ['-c', 'echo broken >&2; exit 3'])).rejects.toThrow(/exit code 3:\nbroken/);
    await expect(runCommand('no-such-program', [])).rejects.toBeInstanceOf(ClusterError);
  });

  it('tells lines as they come', async () => {
    const lines: string[] = [];
    await tryCommand('printf', ['a\nb\nc'], { onLine: (text) => lines.push(text) });
    expect(lines).toEqual(['a', 'b', 'c']);
  });
});

describe('repeatWhile', () => {
  const options = { timeoutMilliseconds: 60_000, everyMilliseconds: 0 };
  const isPassing = (error: unknown): boolean => error instanceof Error && error.message === 'away';

  it('runs again what fails for a reason that passes', async () => {
    const answers = ['away', 'away', 'there'];
    const action = async (): Promise<string> => {
      const answer = answers.shift() ?? '';
      if (answer === 'away') {
        throw new Error(answer);
      }
      return answer;
    };
    await expect(repeatWhile(isPassing, action, options)).resolves.toBe('there');
  });

  it('fails at once for any other reason, and when the time is over', async () => {
    let runs = 0;
    const fail = (message: string) => async (): Promise<never> => {
      runs += 1;
      throw new Error(message);
    };
    await expect(repeatWhile(isPassing, fail('wrong'), options)).rejects.toThrow('wrong');
    const late = { ...options, timeoutMilliseconds: -1 };
    await expect(repeatWhile(isPassing, fail('away'), late)).rejects.toThrow('away');
    expect(runs).toBe(2);
  });
});

describe('withFileLock', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lock-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('lets one in at a time', async () => {
    const lock = join(folder, 'lock');
    let inside = 0;
    let most = 0;
    const enter = async (): Promise<void> =>
      withFileLock(lock, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await Promise.resolve();
        inside -= 1;
      });
    await Promise.all([enter(), enter(), enter()]);
    expect(most).toBe(1);
  });

  it('takes over from a holder that died', async () => {
    const lock = join(folder, 'lock');
    await writeFile(lock, '4194999 1');
    await expect(withFileLock(lock, async () => 'in')).resolves.toBe('in');
  });
});

function fieldsAfterName(state: string): string {
  return `${state} 1 ${Array.from({ length: 18 }, (_unused, index) => String(index)).join(' ')} 4711`;
}
