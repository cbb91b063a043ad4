import { binaryPath } from '../../cluster/binaries/index.ts';
import { ClusterError } from '../../cluster/failure.ts';
import { runCommand } from '../../cluster/machine/command.ts';
import { silentProgress } from '../../cluster/progress.ts';
import type { Progress } from '../../cluster/progress.ts';
import type { Operation, RegisterOperation } from '../history/operation.ts';
import { promisedOperations } from './check-registers.ts';
import type { RegisterVerdicts } from './check-registers.ts';
import type { LinearizabilityVerdict } from './linearizability.ts';
import { isAnswered } from './register.ts';
import type { Violation } from './violation.ts';

/** What Porcupine says of a register. */
export type SecondVerdict = 'Ok' | 'Illegal' | 'Unknown';

/**
 * Porcupine's verdict on each register of a history, by key; undefined where it cannot be built because there is no Go,
 * as with kind.
 */
export async function askPorcupine(
  operations: readonly Operation[],
  progress: Progress = silentProgress,
): Promise<ReadonlyMap<number, SecondVerdict> | undefined> {
  let program: string;
  try {
    program = await binaryPath('porcupine', progress);
  } catch (error) {
    if (error instanceof ClusterError && error.code === 'MissingRequirement') {
      return undefined;
    }
    throw error;
  }
  const lines = promisedOperations(operations).flatMap(describeForPorcupine);
  const answer = await runCommand(program, [], { input: lines.map((line) => `${line}\n`).join('') });
  const verdicts = JSON.parse(answer) as Readonly<Record<string, SecondVerdict>>;
  return new Map(Object.entries(verdicts).map(([key, verdict]) => [Number(key), verdict]));
}

/** Where the two verdicts differ; a search given up by either is a difference. */
export function compareVerdicts(
  own: RegisterVerdicts,
  second: ReadonlyMap<number, SecondVerdict>,
): Violation[] {
  return [...own].flatMap(([key, { kind }]): Violation[] => {
    const theirs = second.get(key) ?? 'Ok';
    return EQUAL[kind] === theirs
      ? []
      : [{ rule: 'secondVerdictAgrees', message: `register ${key}: ours ${kind}, Porcupine ${theirs}` }];
  });
}

const EQUAL: Readonly<Record<LinearizabilityVerdict['kind'], SecondVerdict | 'none'>> = {
  linearizable: 'Ok',
  violated: 'Illegal',
  undecided: 'none',
};

/** One line of the program's input; nothing for what cannot tell or change anything. */
function describeForPorcupine(operation: RegisterOperation): string[] {
  const answered = isAnswered(operation);
  if (operation.outcome === 'fail' || (operation.kind === 'read' && !answered)) {
    return [];
  }
  const { key, kind, start, end } = operation;
  return [
    JSON.stringify({
      key,
      kind,
      start,
      end,
      answered,
      value: operation.value ?? 0,
      expected: operation.kind === 'compareAndSet' ? operation.expected : 0,
      applied: operation.kind === 'compareAndSet' && operation.applied === true,
    }),
  ];
}
