import { describe, expect, it } from '@jest/globals';
import type { MoveFault } from '../moves/move-faults.ts';
import { seededRandom } from '../sharded-cluster/random.ts';
import { chooseTroubles, metByActs, nameWithTrouble } from './choose-troubles.ts';

const FAULTS: readonly MoveFault[] = ['a', 'b'].map((name) => ({
  name,
  isSeenByClients: false,
  strike: async () => {},
}));
const PHASES = ['Copying', 'Switching'] as const;

function choose(rounds: number, recorded: readonly { fault: string; phase: string }[] = []): string[] {
  return chooseTroubles({ faults: FAULTS, phases: PHASES, rounds, recorded, random: seededRandom(7) }).map(
    (trouble) => (trouble === undefined ? 'nothing' : `${trouble.fault.name} in ${trouble.phase}`),
  );
}

describe('chooseTroubles', () => {
  it('meets every fault in every phase before one again, and ends with nothing', () => {
    const [last, ...others] = choose(9).toReversed();
    expect(last).toBe('nothing');
    expect(new Set(others.slice(4))).toEqual(new Set(others.slice(0, 4)));
    expect(new Set(others).size).toBe(4);
  });

  it('begins with what is not on record', () => {
    const recorded = [
      { fault: 'a', phase: 'Copying' },
      { fault: 'a', phase: 'Switching' },
      { fault: 'b', phase: 'Switching' },
    ];
    expect(choose(2, recorded)).toEqual(['b in Copying', 'nothing']);
  });

  it('counts for acts of a name what these met, and nothing else', () => {
    const met = FAULTS.flatMap((fault) => PHASES.map((phase) => ({ phase, fault })));
    const recorded = [
      ...met.map((trouble) => ({ fault: trouble.fault.name, phase: trouble.phase })),
      ...met
        .filter(({ fault, phase }) => fault.name !== 'b' || phase !== 'Switching')
        .map((trouble) => ({ fault: nameWithTrouble('a split', trouble), phase: trouble.phase })),
      { fault: nameWithTrouble('a split', undefined), phase: null },
      { fault: nameWithTrouble('something else', met[3]), phase: 'Switching' },
      { fault: null, phase: null },
    ];
    const own = metByActs(recorded, (name) => name === 'a split');
    expect(own).toHaveLength(3);
    expect(
      chooseTroubles({ faults: FAULTS, phases: PHASES, rounds: 2, recorded: own, random: seededRandom(7) }),
    ).toEqual([met[3], undefined]);
  });
});
