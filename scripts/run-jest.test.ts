import { describe, expect, it } from '@jest/globals';
import { countTests } from './run-jest.ts';

const report = (passed: number, failed: number, broken: number): string =>
  JSON.stringify({ numPassedTests: passed, numFailedTests: failed, numRuntimeErrorTestSuites: broken });

describe('countTests', () => {
  it.each([
    ['all pass', 0, report(5, 0, 0), { passed: 5, failed: 0 }],
    ['a test fails', 1, report(5, 2, 0), { passed: 5, failed: 2 }],
    ['a suite cannot be loaded', 1, report(5, 0, 1), { passed: 5, failed: 1 }],
    ['no test ran', 0, report(0, 0, 0), { passed: 0, failed: 1 }],
    ['the runner fails though all tests passed', 1, report(5, 0, 0), { passed: 5, failed: 1 }],
  ])('%s', (_name, exitCode, text, expected) => {
    expect(countTests(exitCode, text)).toEqual(expected);
  });
});
