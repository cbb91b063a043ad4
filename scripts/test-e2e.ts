/** `npm run test:e2e [-- name ...]`: the end-to-end scenarios, or those whose file name contains a name. See `--help`. */
import { readdirSync } from 'node:fs';
import { runEndToEnd } from './end-to-end.ts';

const HELP = `Usage: npm run test:e2e [-- NAME ...]

Runs the end-to-end scenarios under test-e2e/scenarios, the long ones included, or those whose file name contains a NAME.
Makes the development cluster where there is none, and then removes it afterwards; one that is up is used and left up.
Further options are Jest's, as -t WORDS for the cases whose name has these words.

Scenarios:`;

function scenarioNames(): string[] {
  return readdirSync('test-e2e/scenarios')
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => file.replace(/\.test\.ts$/u, ''));
}

if (process.argv.includes('--help')) {
  console.log([HELP, ...scenarioNames().map((name) => `  ${name}`)].join('\n'));
} else {
  const { passed, failed } = await runEndToEnd(process.argv.slice(2));
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
