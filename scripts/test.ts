/**
 * `npm test`: static checks, unit tests and the end-to-end scenarios on a real cluster, but for the long ones, which
 * `npm run test:e2e` runs as well. The last line is `N passed, N failed`.
 */
import { runChecks } from './checks.ts';
import { runEndToEnd } from './end-to-end.ts';
import { addCounts, runJest } from './run-jest.ts';

/** Scenarios that repeat one thing many times, or wait for minutes. */
const LONG_SCENARIO = String.raw`\.long\.test\.ts$`;

const started = performance.now();
const heading = (text: string): void => console.log(`\n=== ${text}`);

heading('Static checks');
let total = await runChecks();
heading('Unit tests');
total = addCounts(total, await runJest('jest.config.mjs', []));
heading('End-to-end scenarios');
total = addCounts(total, await runEndToEnd(['--testPathIgnorePatterns', LONG_SCENARIO]));

console.log(`\nTook ${((performance.now() - started) / 60_000).toFixed(1)} minutes.`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
