/** `docs/benchmarks.md`, from the results that were committed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BenchmarkResult, type Comparison, RESULTS_FOLDER } from '../test-e2e/bench/result.ts';
import { compare, summarise } from '../test-e2e/bench/statistics.ts';

const PAGE = 'docs/benchmarks.md';

/** The page; none while nothing was measured. */
export function generateBenchmarks(): Map<string, string> {
  const results = readdirSync(RESULTS_FOLDER)
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => JSON.parse(readFileSync(join(RESULTS_FOLDER, file), 'utf8')) as BenchmarkResult);
  return new Map([[PAGE, renderBenchmarks(results)]]);
}

/** Markdown of all results. */
export function renderBenchmarks(results: readonly BenchmarkResult[]): string {
  return [
    '<!-- Generated from test-e2e/bench/results by `npm run generate`; do not edit. -->',
    '# Benchmarks',
    '',
    'Measured by `npm run bench`, which renews this page; every single run is in [test-e2e/bench/results](../test-e2e/bench/results), and what each benchmark does in [test-e2e/bench](../test-e2e/bench/README.md). Alternatives are measured in turn, in the same run. A ratio is the median of the ratios of each run, so that what slows the machine down for a while slows both.',
    '',
    'This table has what was aimed at, reached or missed; ratios without an aim stand with their benchmarks below.',
    '',
    '| benchmark | figure | aim | result |',
    '| --- | ---: | ---: | --- |',
    ...results.flatMap(summaryRows),
    ...results.flatMap(renderResult),
    '',
  ].join('\n');
}

/** What has an aim, comparisons and series: a ratio that is only to be seen stands with its benchmark. */
function summaryRows(result: BenchmarkResult): string[] {
  return [
    ...result.series
      .filter(({ atMost }) => atMost !== undefined)
      .map(({ name, label, unit, atMost }) =>
        summaryRow(
          `${result.title}: ${label}`,
          summarise(valuesOf(result, name)).median,
          { atMost },
          unit === '' || unit === 'ratio' ? '' : ` ${unit}`,
        ),
      ),
    ...result.comparisons
      .filter(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined)
      .map((comparison) =>
        summaryRow(
          `${result.title}: ${comparison.label}`,
          compareRuns(result, comparison).median,
          comparison,
          '',
        ),
      ),
  ];
}

function summaryRow(
  label: string,
  median: number,
  { atLeast, atMost }: { readonly atLeast?: number | undefined; readonly atMost?: number | undefined },
  unit: string,
): string {
  const aims = [
    ...(atLeast === undefined ? [] : [{ text: `≥ ${figure(atLeast)}${unit}`, isReached: median >= atLeast }]),
    ...(atMost === undefined ? [] : [{ text: `≤ ${figure(atMost)}${unit}`, isReached: median <= atMost }]),
  ];
  const verdict = aims.every(({ isReached }) => isReached) ? 'reached' : 'missed';
  return `| ${label} | ${figure(median)}${unit} | ${aims.map(({ text }) => text).join(', ')} | ${verdict} |`;
}

function renderResult(result: BenchmarkResult): string[] {
  const { title, method, command, commit, machine, versions, series, comparisons, runs } = result;
  const loads = summarise(runs.map(({ loadAverage }) => loadAverage));
  const busy = summarise(runs.map(({ busyBefore }) => busyBefore));
  return [
    '',
    `## ${title}`,
    '',
    ...method.flatMap((paragraph) => [paragraph, '']),
    '| | unit | runs | median | least | most | spread |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: |',
    ...series.map(({ name, label, unit }) => {
      const summary = summarise(valuesOf(result, name));
      const { median, minimum, maximum, spread } = summary;
      return `| ${label} | ${unit} | ${summary.runs} | ${figure(median)} | ${figure(minimum)} | ${figure(maximum)} | ${percent(spread)} |`;
    }),
    ...comparisons.map((comparison) => {
      const { runs: count, median, minimum, maximum, spread } = compareRuns(result, comparison);
      return `| **${comparison.label}** | ratio | ${count} | **${figure(median)}** | ${figure(minimum)} | ${figure(maximum)} | ${percent(spread)} |`;
    }),
    '',
    `- Command: \`${command}\`, at commit ${commit}, ${dates(result)}`,
    `- Machine: ${machine.processor}, ${machine.processors} processors, ${machine.memoryGibibytes} GiB, ${machine.system}, Linux ${machine.kernel}`,
    `- Versions: ${Object.entries(versions)
      .map(([program, version]) => `${program} ${version}`)
      .join(', ')}`,
    `- Other work on the machine: ${percent(busy.median)} of its processors were busy before a run (at most ${percent(busy.maximum)}); load average after a run ${figure(loads.median)} (at most ${figure(loads.maximum)})`,
  ];
}

function compareRuns(result: BenchmarkResult, { of, against }: Comparison): ReturnType<typeof compare> {
  return compare(valuesOf(result, of), valuesOf(result, against));
}

/** Throws when a run lacks the value: the page must not show less than was promised. */
function valuesOf({ name, runs }: BenchmarkResult, series: string): number[] {
  return runs.map(({ values }, index) => {
    const value = values[series];
    if (value === undefined) {
      throw new Error(`run ${index + 1} of the benchmark ${name} has no ${series}`);
    }
    return value;
  });
}

function dates({ runs }: BenchmarkResult): string {
  const days = [...new Set(runs.map(({ at }) => at.slice(0, 10)))];
  return days.join(', ');
}

/** Three significant digits, and whole numbers as they are. */
function figure(value: number): string {
  if (Math.abs(value) >= 100) {
    return String(Math.round(value));
  }
  return value === 0 ? '0' : String(Number(value.toPrecision(3)));
}

function percent(share: number): string {
  return `${figure(Math.round(share * 1000) / 10)} %`;
}
