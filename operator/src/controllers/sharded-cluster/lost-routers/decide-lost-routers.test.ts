import { describe, expect, it } from '@jest/globals';
import type { RouterSight } from './decide-lost-routers.ts';
import { decideLostRouters, decideSuspects } from './decide-lost-routers.ts';

const well: RouterSight = {
  isReady: true,
  latest: 'accepted',
  wasReached: true,
  silentAttempts: 0,
  marks: 0,
};
const silent: RouterSight = { ...well, latest: 'silent', silentAttempts: 4 };
const refusing: RouterSight = { ...well, latest: 'refused' };

describe('which routers are lost', () => {
  it.each<[string, RouterSight[], number]>([
    ['there are none', [], 0],
    ['all answer', [well, well], 0],
    ['one has been silent for long, another answers', [silent, well], 1],
    ['one has been silent for a moment', [{ ...silent, silentAttempts: 3 }, well], 0],
    ['it is the only one', [silent], 0],
    ['all are silent', [silent, silent], 0],
    ['more are silent than answer', [silent, { ...silent, silentAttempts: 1 }, well], 0],
    ['as many are silent as answer', [silent, silent, well, well], 2],
    ['the other only refuses', [silent, refusing], 0],
    ['the other answers, but is not ready', [silent, { ...well, isReady: false }], 0],
    ['it refuses', [{ ...refusing, silentAttempts: 4 }, well], 0],
    ['it was never reached', [{ ...silent, wasReached: false }, well], 0],
    ['it is not ready any more', [{ ...silent, isReady: false }, well], 0],
    [
      'one after the other was lost',
      [{ ...silent, isReady: false }, { ...silent, isReady: false }, silent, well],
      1,
    ],
    ['it was marked, and called ready again', [{ ...silent, marks: 1 }, well], 0],
    ['the same, and it stays silent for longer', [{ ...silent, marks: 1, silentAttempts: 8 }, well], 1],
    ['it was marked often', [{ ...silent, marks: 50, silentAttempts: 63 }, well], 0],
    ['the same, for a minute', [{ ...silent, marks: 50, silentAttempts: 64 }, well], 1],
  ])('where %s', (_, routers, lost) => {
    expect(decideLostRouters(routers)).toHaveLength(lost);
  });

  it.each<[string, RouterSight[], number]>([
    ['one more silence is enough', [{ ...silent, silentAttempts: 3 }, well], 1],
    ['one more silence is too little', [{ ...silent, silentAttempts: 2 }, well], 0],
    ['no other answers', [{ ...silent, silentAttempts: 3 }], 0],
  ])('are suspects before, where %s', (_, routers, suspects) => {
    expect(decideSuspects(routers)).toEqual(routers.slice(0, suspects));
  });

  it('are never those that answer', () => {
    expect(decideLostRouters([well, silent])).toEqual([silent]);
  });
});
