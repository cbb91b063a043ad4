/** `npm run bench [-- name ...]`: measures, and renews docs/benchmarks.md. See the README beside this file. */
import { parseArgs } from 'node:util';
import { runCommand } from '../cluster/machine/command.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { describeFailure } from '../cluster/failure.ts';
import { createProgress } from '../cluster/progress.ts';
import { cloneBenchmark, cloneInMemoryBenchmark } from './clone/benchmark.ts';
import { copyBenchmark } from './copy/benchmark.ts';
import { footprintBenchmark } from './footprint/benchmark.ts';
import { lookupBenchmark } from './lookup/benchmark.ts';
import { placementBenchmark } from './lookup/placement-benchmark.ts';
import { movesBenchmark } from './moves/benchmark.ts';
import { readyBenchmark } from './ready/benchmark.ts';
import { routerBenchmark } from './router/benchmark.ts';
import { runBenchmark } from './run-benchmark.ts';
import { statementsBenchmark } from './statements/benchmark.ts';
import { throttleBenchmark } from './throttle/benchmark.ts';
import { throughputBenchmark } from './throughput/benchmark.ts';

const BENCHMARKS = [
  readyBenchmark,
  cloneBenchmark,
  cloneInMemoryBenchmark,
  footprintBenchmark,
  throughputBenchmark,
  lookupBenchmark,
  placementBenchmark,
  statementsBenchmark,
  movesBenchmark,
  copyBenchmark,
  throttleBenchmark,
  routerBenchmark,
];

const HELP = `Usage: npm run bench [-- OPTIONS] [NAME ...]

Measures, and renews docs/benchmarks.md. Needs root and Debian. An interrupted benchmark goes on where it was.

Benchmarks:
${BENCHMARKS.map(({ name, title }) => `  ${name.padEnd(16)} ${title}`).join('\n')}

Options:
  --fresh   forget the runs of an interrupted benchmark
  --help    show this
`;

const progress = createProgress((line) => console.log(line));
try {
  const { values, positionals } = parseArgs({
    options: { fresh: { type: 'boolean' }, help: { type: 'boolean' } },
    allowPositionals: true,
  });
  const unknown = positionals.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
  if (values.help === true || unknown.length > 0) {
    console.log(unknown.length > 0 ? `There is no benchmark ${unknown.join(', ')}.\n\n${HELP}` : HELP);
    process.exitCode = unknown.length > 0 ? 1 : 0;
  } else {
    const chosen = BENCHMARKS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
    for (const benchmark of chosen) {
      await runBenchmark(benchmark, progress, { fresh: values.fresh ?? false });
    }
    await runCommand(process.execPath, ['scripts/generate.ts'], { directory: checkoutFolder });
    progress.note('docs/benchmarks.md is renewed');
  }
} catch (error) {
  console.error(`\nFailed: ${describeFailure(error)}`);
  console.error('\nThe runs that were done are kept; the same command goes on with the next.');
  // What an interrupted run still waits for must not keep the process.
  process.exit(1);
}
