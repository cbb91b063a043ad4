import { describe, expect, it } from '@jest/globals';
import { FAULTS } from '../faults/index.ts';
import { MEASURED_KINDS } from '../history/operation.ts';
import { HELP, parseCommandLine } from './command-line.ts';

describe('parseCommandLine', () => {
  it('runs everything once by default, with a seed of the time', () => {
    expect(parseCommandLine([], () => 1_234_567)).toEqual({
      faults: FAULTS.map(({ name }) => ({ fault: name, runs: 1 })),
      seed: 234_567,
      minutes: Number.POSITIVE_INFINITY,
      resume: false,
      record: true,
      keep: false,
      strike: false,
      clients: MEASURED_KINDS,
    });
  });

  it('takes every option', () => {
    const options =
      '--faults server-killed,flapping:5 --runs 3 --seed 7 --minutes 10 --resume --no-record --keep --strike --clients router,shardMap';
    expect(parseCommandLine(options.split(' '))).toEqual({
      faults: [
        { fault: 'server-killed', runs: 3 },
        { fault: 'flapping', runs: 5 },
      ],
      seed: 7,
      minutes: 10,
      resume: true,
      record: false,
      keep: true,
      strike: true,
      clients: ['shardMap', 'router'],
    });
  });

  it.each([
    ['--faults', 'none'],
    ['--faults', 'flapping:many'],
    ['--runs', 'many'],
    ['--seed', '-1'],
    ['--clients', 'sameNode'],
    ['--unknown'],
  ])('refuses %s %s', (...words) => {
    expect(() => parseCommandLine(words)).toThrow(
      expect.objectContaining({ code: 'InvalidArguments', remedy: HELP }),
    );
  });

  it('has every fault in its help', () => {
    expect(parseCommandLine(['--help'])).toBe('help');
    for (const { name, description } of FAULTS) {
      expect(HELP).toContain(name);
      expect(HELP).toContain(description);
    }
  });
});
