import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';

/** How many single tests passed and failed. */
export interface TestCount {
  readonly passed: number;
  readonly failed: number;
}

/** The sum of two counts. */
export function addCounts(a: TestCount, b: TestCount): TestCount {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed };
}

interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
}

/**
 * Runs Jest with the given configuration file and arguments, shows its output, and counts. A suite that
 * could not run, a run without a single test and a runner that failed each count as a failure: silence is
 * never success.
 */
export async function runJest(configuration: string, jestArguments: readonly string[]): Promise<TestCount> {
  const folder = mkdtempSync(join(tmpdir(), 'shardwright-jest-'));
  const reportPath = join(folder, 'report.json');
  try {
    const { exitCode } = await runCommand(
      'node',
      [
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        'node_modules/jest/bin/jest.js',
        '--config',
        configuration,
        '--json',
        '--outputFile',
        reportPath,
        ...jestArguments,
      ],
      { show: 'stderr' },
    );
    return countTests(exitCode, readFileSync(reportPath, 'utf8'));
  } catch (error) {
    console.error(`Jest left no report (${String(error)})`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a Jest report says, given the runner's exit code. */
export function countTests(exitCode: number, report: string): TestCount {
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(report) as JestReport;
  const failed = numFailedTests + numRuntimeErrorTestSuites;
  const ranNothing = numPassedTests + failed === 0;
  return {
    passed: numPassedTests,
    failed: failed === 0 && (exitCode !== 0 || ranNothing) ? 1 : failed,
  };
}
