import { expect, it } from '@jest/globals';
import { type ApprovalPolicy, needsApproval } from './approval.ts';

it.each<[ApprovalPolicy, number | undefined, boolean]>([
  [{ approval: 'Automatic' }, undefined, false],
  [{ approval: 'Automatic' }, 2 ** 50, false],
  [{ approval: 'Manual' }, 0, true],
  [{ approval: 'Automatic', automaticUpToBytes: 1000 }, 1000, false],
  [{ approval: 'Automatic', automaticUpToBytes: 1000 }, 1001, true],
  [{ approval: 'Automatic', automaticUpToBytes: 1000 }, undefined, true],
])('with %j a plan of %s bytes: %s', (policy, bytes, isNeeded) =>
  expect(needsApproval(policy, bytes === undefined ? {} : { bytes })).toBe(isNeeded),
);
