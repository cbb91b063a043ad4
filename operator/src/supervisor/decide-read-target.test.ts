import { describe, expect, it } from '@jest/globals';
import {
  decideReadTarget,
  NOT_ROUTED,
  type ReadRouting,
  type ReadRoutingInput,
} from './decide-read-target.ts';

const input = (now: number, change: Partial<ReadRoutingInput> = {}): ReadRoutingInput => ({
  fallbackToPrimary: true,
  fitReplicas: 2,
  isUncertain: false,
  now,
  ...change,
});
const none = { fitReplicas: 0 };

function after(...steps: readonly ReadRoutingInput[]): ReadRouting {
  return steps.reduce(decideReadTarget, NOT_ROUTED);
}

describe('where reads go', () => {
  it.each([
    ['nothing is decided at once', [input(0)], undefined],
    ['replicas that stay fit', [input(0), input(5000)], 'replica'],
    ['no replica is fit', [input(0, none), input(1000, none)], 'primary'],
    [
      'no replica is fit for a moment only',
      [input(0), input(5000), input(6000, none), input(6500)],
      'replica',
    ],
    [
      'a replica is fit again for a moment',
      [input(0, none), input(1000, none), input(2000), input(6900)],
      'primary',
    ],
    [
      'a replica has been fit again for long',
      [input(0, none), input(1000, none), input(2000), input(7000)],
      'replica',
    ],
    [
      'a replica that comes and goes',
      [input(0, none), input(1000, none), input(2000), input(5000, none), input(7000), input(11_000)],
      'primary',
    ],
    [
      'nobody has been heard yet',
      [input(0, { ...none, isUncertain: true }), input(9000, { ...none, isUncertain: true })],
      undefined,
    ],
    ['falling back is not wanted', [input(0, { ...none, fallbackToPrimary: false })], 'replica'],
  ])('%s', (_, steps, expected) => {
    expect(after(...steps).target).toBe(expected);
  });
});
