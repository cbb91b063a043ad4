import type { Operation, RegisterOperation } from '../history/operation.ts';
import { isMisled } from '../history/operation.ts';
import type { LinearizabilityVerdict } from './linearizability.ts';
import { checkRegister } from './linearizability.ts';
import type { Violation } from './violation.ts';

/** What every register holds before the first operation. */
export const INITIAL_VALUE = 0;

/** The verdict on each register of a history, by key. */
export type RegisterVerdicts = ReadonlyMap<number, LinearizabilityVerdict>;

/**
 * The operations that linearizability is promised for: those of clients that ask where the primary is. A client that
 * holds on to a deposed primary, or that a Service leads to a replica, may read the past, which is counted elsewhere;
 * what they write counts here as well.
 */
export function promisedOperations(operations: readonly Operation[]): RegisterOperation[] {
  return operations.filter(
    (operation): operation is RegisterOperation =>
      (operation.kind === 'read' && operation.via !== 'sameNode' && !isMisled(operation)) ||
      operation.kind === 'write' ||
      operation.kind === 'compareAndSet',
  );
}

/** Checks each register on its own. */
export function judgeRegisters(operations: readonly Operation[]): RegisterVerdicts {
  const byKey = Map.groupBy(promisedOperations(operations), ({ key }) => key);
  return new Map([...byKey].map(([key, own]) => [key, checkRegister(own, INITIAL_VALUE)]));
}

/** The violations among the verdicts. A search that was given up is no verdict, and counts as a violation. */
export function checkLinearizable(verdicts: RegisterVerdicts): Violation[] {
  return [...verdicts].flatMap(([key, verdict]): Violation[] => {
    switch (verdict.kind) {
      case 'linearizable':
        return [];
      case 'undecided':
        return [{ rule: 'linearizable', message: `register ${key} could not be decided` }];
      case 'violated': {
        const { kind, process, member, start } = verdict.at;
        const where = `${kind} of ${process} on ${member} at ${start.toFixed(1)}`;
        return [{ rule: 'linearizable', message: `register ${key} is not linearizable, near the ${where}` }];
      }
      default:
        return verdict satisfies never;
    }
  });
}
