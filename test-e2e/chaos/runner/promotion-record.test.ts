import { describe, expect, it } from '@jest/globals';
import { parsePhases } from './promotion-record.ts';

describe('parsePhases', () => {
  it('reads those there are', () => {
    expect(parsePhases('Promoted chaos-shard-0-1: detect 12 ms, decide 3.5 ms, publish 20ms.')).toEqual({
      detect: 12,
      decide: 3.5,
      publish: 20,
    });
    expect(parsePhases('Something else took 5 ms')).toEqual({});
  });
});
