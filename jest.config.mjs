/** Jest runs TypeScript as ES modules; swc only strips types, `npm run check` checks them. */
export const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: {
        target: 'es2024',
        parser: { syntax: 'typescript' },
        experimental: { keepImportAttributes: true },
      },
      module: { type: 'es6' },
    },
  ],
};

export default {
  roots: ['<rootDir>/operator', '<rootDir>/scripts', '<rootDir>/test-e2e'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test-e2e/scenarios/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform,
  testEnvironment: 'node',
  injectGlobals: false,
  // Clocks are injected, so that only a busy machine makes a test slow.
  testTimeout: 240_000,
};
