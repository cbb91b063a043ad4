import { parseArgs } from 'node:util';
import { ClusterError } from '../../cluster/failure.ts';
import { FAULTS, findFault } from '../faults/index.ts';
import { type MeasuredKind, MEASURED_KINDS } from '../history/operation.ts';
import type { FaultCount } from './sequence.ts';

/** What to run. */
export interface ChaosCommand {
  readonly faults: readonly FaultCount[];
  readonly seed: number;
  /** No run is begun after this many minutes. */
  readonly minutes: number;
  readonly resume: boolean;
  /** Whether results are added to those in the checkout. */
  readonly record: boolean;
  /** Whether histories are kept of runs that broke no promise. */
  readonly keep: boolean;
  readonly strike: boolean;
  /** Whose gaps are measured; clients of other kinds do not run. */
  readonly clients: readonly MeasuredKind[];
}

export const HELP = `Usage: npm run test:chaos [-- OPTIONS]

Breaks a real cluster on this machine in every way it knows, one after the other, while clients write, and judges
after each whether a promise was broken. Results are added to docs/reliability/DATE.jsonl; npm run generate makes
docs/reliability.md of them. Exit code 1: a promise was broken. See test-e2e/chaos/README.md.

Options:
  --faults A,B:5  only these (default: all), B five times; see below
  --runs N        of each fault that has no number of its own (default 1)
  --seed S        decides order and moments (default: the time); shown at the start
  --minutes M     begin no run after M minutes (default: no limit)
  --resume        leave out the runs of this seed that have a result
  --no-record     write no results
  --keep          keep the histories of all runs in .dev/chaos
  --strike        remove operator and cluster afterwards
  --clients A,B   only these clients: ${MEASURED_KINDS.join(', ')} (default: all); with one alone, its gap is
                  not lengthened by what the others take of the processors
  --help          show this

Faults:
${FAULTS.map(({ name, description }) => `  ${name.padEnd(26)} ${description}`).join('\n')}
`;

/** Reads the arguments. @throws ClusterError `InvalidArguments` */
export function parseCommandLine(
  commandArguments: readonly string[],
  now: () => number = Date.now,
): ChaosCommand | 'help' {
  try {
    const { values } = parseArgs({
      args: [...commandArguments],
      allowNegative: true,
      options: {
        faults: { type: 'string' },
        runs: { type: 'string' },
        seed: { type: 'string' },
        minutes: { type: 'string' },
        resume: { type: 'boolean', default: false },
        record: { type: 'boolean', default: true },
        keep: { type: 'boolean', default: false },
        strike: { type: 'boolean', default: false },
        clients: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      return 'help';
    }
    const runs = readNumber('--runs', values.runs, 1);
    const faults = values.faults?.split(',') ?? FAULTS.map(({ name }) => name);
    return {
      faults: faults.map((text) => {
        const [name = '', count] = text.split(':');
        return { fault: findFault(name).name, runs: readNumber('--faults', count, runs) };
      }),
      seed: readNumber('--seed', values.seed, now() % 1_000_000),
      minutes: readNumber('--minutes', values.minutes, Number.POSITIVE_INFINITY),
      resume: values.resume,
      record: values.record,
      keep: values.keep,
      strike: values.strike,
      clients: values.clients === undefined ? MEASURED_KINDS : readKinds(values.clients),
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ClusterError('InvalidArguments', message, { remedy: HELP, cause: error });
  }
}

function readKinds(text: string): MeasuredKind[] {
  const words = text.split(',');
  const unknown = words.find((word) => !MEASURED_KINDS.some((kind) => kind === word));
  if (unknown !== undefined) {
    throw new TypeError(`--clients takes ${MEASURED_KINDS.join(', ')}, not '${unknown}'`);
  }
  return MEASURED_KINDS.filter((kind) => words.includes(kind));
}

function readNumber(option: string, text: string | undefined, fallback: number): number {
  if (text === undefined) {
    return fallback;
  }
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) {
    throw new TypeError(`${option} takes a whole number, not '${text}'`);
  }
  return number;
}
