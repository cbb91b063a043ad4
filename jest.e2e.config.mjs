import { transform } from './jest.config.mjs';

/** End-to-end scenarios: real processes, one at a time, minutes allowed. */
export default {
  roots: ['<rootDir>/test-e2e/scenarios'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform,
  testEnvironment: 'node',
  injectGlobals: false,
  maxWorkers: 1,
  testTimeout: 600_000,
};
