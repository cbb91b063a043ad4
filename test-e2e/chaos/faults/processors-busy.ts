import { spawn } from 'node:child_process';
import type { Fault } from './fault.ts';

const LOOPS = 4;

export const processorsBusy: Fault = {
  name: 'processors-busy',
  description: 'four busy loops beside everything else for a minute',
  expects: 'noPromotion',
  touches: () => [],
  async inject({ onUndo }) {
    const loops = Array.from({ length: LOOPS }, () => spawn('sh', ['-c', 'while :; do :; done']));
    onUndo(() => loops.forEach((loop) => loop.kill('SIGKILL')));
  },
  lastsMilliseconds: 60_000,
};
