import type { RegisterOperation } from '../history/operation.ts';

/** Whether the server answered, so that the operation took effect before its end. */
export function isAnswered(operation: RegisterOperation): boolean {
  return operation.outcome === 'ok';
}

/**
 * What a register holds after the operation, or undefined where the answer it got is not possible with this value.
 * An indeterminate operation got no answer, and does whatever it would do.
 */
export function step(value: number, operation: RegisterOperation): number | undefined {
  switch (operation.kind) {
    case 'read':
      return operation.value === value ? value : undefined;
    case 'write':
      return operation.value;
    case 'compareAndSet': {
      const applies = value === operation.expected;
      if (isAnswered(operation) && operation.applied !== applies) {
        return undefined;
      }
      return applies ? operation.value : value;
    }
    default:
      return operation satisfies never;
  }
}
