/**
 * Histories for tests of the checkers: those of a correct register, used by several clients at once, some of whose
 * operations got no answer. What is planted in them afterwards must be found.
 */
import fc from 'fast-check';
import type { RegisterOperation } from '../history/operation.ts';

/** An operation of a correct register that took effect at `effect`, or never. */
export interface GeneratedOperation {
  readonly operation: RegisterOperation;
  readonly effect: number | null;
}

interface Draft {
  readonly process: number;
  readonly kind: 'read' | 'write' | 'compareAndSet';
  readonly guess: boolean;
  readonly lead: number;
  readonly trail: number;
  readonly fate: 'answered' | 'lostAfter' | 'lostBefore' | 'failed';
}

const PROCESSES = 4;

const draft: fc.Arbitrary<Draft> = fc.record({
  process: fc.nat(PROCESSES - 1),
  kind: fc.constantFrom('read', 'write', 'compareAndSet'),
  guess: fc.boolean(),
  lead: fc.integer({ min: 0, max: 40 }),
  trail: fc.integer({ min: 0, max: 40 }),
  fate: fc.constantFrom('answered', 'answered', 'answered', 'answered', 'lostAfter', 'lostBefore', 'failed'),
});

/**
 * The history of one register that began with 0. Effects are in the order of the list, ten milliseconds apart, each
 * within its operation; a client has one operation at a time unless it gave up on the one before.
 */
export const registerHistory: fc.Arbitrary<readonly GeneratedOperation[]> = fc
  .array(draft, { minLength: 4, maxLength: 60 })
  .map(performInOrder);

function performInOrder(drafts: readonly Draft[]): GeneratedOperation[] {
  let value = 0;
  const free = Array.from({ length: PROCESSES }, () => 0);
  return drafts.map((each, index) => {
    const effect = 10 * (index + 1);
    // After the former end of the same client, so that its operations follow one another.
    const start = Math.max(effect - each.lead, Math.min(free[each.process] ?? 0, effect));
    const end = effect + each.trail;
    free[each.process] = end;
    const next = index + 1;
    const expected = each.guess ? value : -1;
    const takesEffect = each.fate === 'answered' || each.fate === 'lostAfter';
    const seen = value;
    if (takesEffect && each.kind === 'write') {
      value = next;
    }
    const applied = takesEffect && each.kind === 'compareAndSet' && expected === seen;
    if (applied) {
      value = next;
    }
    const facts = {
      process: `client-${each.process}`,
      via: 'shardMap',
      member: 'a',
      key: 0,
      start,
      end,
      outcome: each.fate === 'answered' ? 'ok' : each.fate === 'failed' ? 'fail' : 'indeterminate',
    } as const;
    const answered = each.fate === 'answered';
    return {
      operation: describe(facts, each.kind, { next, expected, seen, applied, answered }),
      effect: takesEffect ? effect : null,
    };
  });
}

function describe(
  facts: Omit<Extract<RegisterOperation, { kind: 'write' }>, 'kind' | 'value'>,
  kind: Draft['kind'],
  result: { next: number; expected: number; seen: number; applied: boolean; answered: boolean },
): RegisterOperation {
  const { next, expected, seen, applied, answered } = result;
  switch (kind) {
    case 'read':
      return { ...facts, kind, value: answered ? seen : null };
    case 'write':
      return { ...facts, kind, value: next };
    case 'compareAndSet':
      return { ...facts, kind, expected, value: next, applied: answered ? applied : null };
    default:
      return kind satisfies never;
  }
}
