import { describe, expect, it } from '@jest/globals';
import { parseFigures } from './sysbench.ts';

describe('parseFigures', () => {
  it('reads the report among what else is written', () => {
    const output = 'Threads started!\n\nfigures queries=20000 seconds=4.000000 median=0.000061420\n';
    expect(parseFigures(output)).toEqual({
      queries: 20_000,
      queriesPerSecond: 5000,
      medianMicroseconds: expect.closeTo(61.42),
    });
  });

  it('refuses output without it', () => {
    expect(() => parseFigures('FATAL: unable to connect')).toThrow('sysbench has told no figures');
  });
});
