import { runCommand } from './run-command.ts';
import type { TestCount } from './run-jest.ts';

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

/** Runs every static check, shows a line for each and the output of those that failed, and counts. */
export async function runChecks(): Promise<TestCount> {
  let failed = 0;
  for (const check of CHECKS) {
    const result = await runCommand(check.program, check.arguments);
    const passed = result.exitCode === 0;
    console.log(
      `${passed ? 'ok    ' : 'FAILED'} ${check.name} (${(result.milliseconds / 1000).toFixed(1)} s)`,
    );
    if (!passed) {
      failed += 1;
      console.log(result.output.trimEnd().replaceAll(/^/gm, '       '));
    }
  }
  return { passed: CHECKS.length - failed, failed };
}
