import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { freezeProcesses, isFrozen } from './freeze-processes.ts';

/** Threads that are never idle, more than the machine has processors; `ready` is said once they run. */
const BUSY = `
  const { Worker } = require('node:worker_threads');
  for (let number = 0; number < 4; number += 1) {
    new Worker('for (;;) {}', { eval: true });
  }
  setTimeout(() => console.log('ready'), 200);`;

describe('freezing processes', () => {
  it('is over when every thread has stopped, and ends with SIGCONT', async () => {
    const child = spawn(process.execPath, ['--eval', BUSY], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(child.stdout, 'data');
      const pid = child.pid ?? 0;
      expect(isFrozen(pid)).toBe(false);
      await freezeProcesses([pid]);
      expect(isFrozen(pid)).toBe(true);
      child.kill('SIGCONT');
      expect(isFrozen(pid)).toBe(false);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await freezeProcesses([child.pid ?? 0]);
  });
});
