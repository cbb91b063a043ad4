import { describe, expect, it } from '@jest/globals';
import { timePhases } from './phases.ts';

const never = { name: 'never', isReached: async () => false };
const at = (look: number, name: string) => {
  let looks = 0;
  return {
    name,
    isReached: async () => {
      looks += 1;
      return looks >= look;
    },
  };
};

describe('timePhases', () => {
  it('tells when each was first seen', async () => {
    let time = 1000;
    const now = (): number => (time += 500);
    expect(await timePhases([at(1, 'scheduled'), at(3, 'ready')], 1000, 60, now)).toEqual({
      scheduled: 0.5,
      ready: 1.5,
    });
  });

  it('gives up, and says what is missing', async () => {
    let time = 0;
    const now = (): number => (time += 10_000);
    await expect(timePhases([at(1, 'scheduled'), never], 0, 5, now)).rejects.toThrow('after 5 s: no never');
  });
});
