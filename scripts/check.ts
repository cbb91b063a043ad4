/**
 * `npm run check`: everything that can be judged without running the product. All checks run, then the
 * failures are shown together; the exit code is 1 when any failed.
 */
import { runCommand } from './run-command.ts';

interface Check {
  readonly name: string;
  readonly program: string;
  readonly arguments: readonly string[];
}

const CHECKS: readonly Check[] = [
  { name: 'types', program: 'tsc', arguments: ['-p', '.'] },
  { name: 'lint, type-aware', program: 'oxlint', arguments: ['--type-aware', '--deny-warnings', '.'] },
  { name: 'formatting', program: 'prettier', arguments: ['--check', '--log-level=warn', '.'] },
  {
    name: 'dependency direction',
    program: 'depcruise',
    arguments: ['--config', '.dependency-cruiser.mjs', 'operator', 'scripts', 'test-e2e'],
  },
  { name: 'dead exports and dependencies', program: 'knip', arguments: ['--no-progress'] },
  { name: 'generated files and licences', program: 'node', arguments: ['scripts/generate.ts', '--check'] },
];

let failures = 0;
for (const check of CHECKS) {
  const result = await runCommand(check.program, check.arguments);
  const seconds = (result.milliseconds / 1000).toFixed(1);
  const passed = result.exitCode === 0;
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${check.name} (${seconds} s)`);
  if (!passed) {
    failures += 1;
    console.log(result.output.trimEnd().replace(/^/gm, '       '));
  }
}
if (failures > 0) {
  console.log(`\n${failures} of ${CHECKS.length} checks failed.`);
  process.exitCode = 1;
}
