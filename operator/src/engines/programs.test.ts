import { describe, expect, it } from '@jest/globals';
import { programEnd, runProgram, startProgram } from './programs.ts';

const signal = new AbortController().signal;
const node = (script: string) => ({ program: process.execPath, arguments: ['-e', script] });

describe('programs of an engine', () => {
  it('returns the output of one that succeeds, and gives it its input', async () => {
    const call = node('process.stdin.pipe(process.stdout)');
    expect(await runProgram(startProgram, call, signal, 'hello')).toBe('hello');
  });

  it('tells the last words of one that fails', async () => {
    const failing = runProgram(startProgram, node('console.error("no space left"); process.exit(3)'), signal);
    await expect(failing).rejects.toMatchObject({
      code: 'ProgramFailed',
      message: expect.stringMatching(/exit code 3: no space left$/),
    });
  });

  it('tells the signal that ended one', async () => {
    const killed = runProgram(startProgram, node('process.kill(process.pid, "SIGKILL")'), signal);
    await expect(killed).rejects.toMatchObject({ message: expect.stringContaining('signal SIGKILL') });
  });

  it('tells of one that cannot be started', async () => {
    const missing = runProgram(startProgram, { program: '/nowhere/program', arguments: [] }, signal);
    await expect(missing).rejects.toMatchObject({ code: 'ProgramFailed' });
  });

  it('survives one that does not read its input', async () => {
    const input = 'x'.repeat(1 << 20);
    expect(await runProgram(startProgram, node('process.exit(0)'), signal, input)).toBe('');
  });

  it('kills one when aborted, and rejects with the reason', async () => {
    const stop = new AbortController();
    const running = startProgram(node('setInterval(() => {}, 1000)'));
    const end = programEnd(node(''), running, stop.signal);
    stop.abort(new Error('not needed any more'));
    await expect(end).rejects.toThrow('not needed any more');
    expect(running.signalCode).toBe('SIGKILL');
  });

  it('shows every line of standard error', async () => {
    const lines: string[] = [];
    const call = node('process.stderr.write("one\\ntw"); process.stderr.write("o\\nthree\\n")');
    const running = startProgram(call);
    running.stdout.resume();
    await programEnd(call, running, signal, (line) => lines.push(line));
    expect(lines).toEqual(['one', 'two', 'three']);
  });
});
