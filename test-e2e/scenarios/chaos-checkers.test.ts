/**
 * Two checkers that share nothing judge the same histories of registers: ours, and Porcupine, a Go program. They must
 * agree on correct histories and on those with something planted in them.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { judgeRegisters } from '../chaos/checkers/check-registers.ts';
import { registerHistory } from '../chaos/checkers/generated-history.ts';
import { askPorcupine, compareVerdicts } from '../chaos/checkers/second-verdict.ts';
import type { RegisterOperation } from '../chaos/history/operation.ts';

/** The same each time, so that a change is to blame for a failure. */
const SEED = Number(process.env['SHARDWRIGHT_SEED'] ?? 20_261_123);
const HISTORIES = 400;

/** Changes what a client was told, so that most histories become impossible, and some do not. */
const changedAnswer = fc
  .tuple(registerHistory, fc.nat(), fc.integer({ min: 0, max: 60 }))
  .map(([history, position, value]): RegisterOperation[] =>
    history.map(({ operation }, index) => {
      if (index !== position % history.length || operation.outcome !== 'ok') {
        return operation;
      }
      return operation.kind === 'compareAndSet'
        ? { ...operation, applied: operation.applied === false }
        : operation.kind === 'read'
          ? { ...operation, value }
          : { ...operation, outcome: 'fail' };
    }),
  );

/** Many histories as the registers of one, so that the program starts once. */
function asRegisters(histories: readonly (readonly RegisterOperation[])[]): RegisterOperation[] {
  return histories.flatMap((operations, key) => operations.map((operation) => ({ ...operation, key })));
}

describe(`the two checkers of registers, seed ${SEED}`, () => {
  it('both accept every use of a correct register', async () => {
    const histories = fc.sample(registerHistory, { numRuns: HISTORIES, seed: SEED });
    const operations = asRegisters(histories.map((history) => history.map(({ operation }) => operation)));
    const own = judgeRegisters(operations);
    const second = (await askPorcupine(operations)) ?? new Map();
    expect([...own.values()].filter(({ kind }) => kind !== 'linearizable')).toEqual([]);
    expect(compareVerdicts(own, second)).toEqual([]);
  });

  it('agree on histories in which an answer was changed, of which most are impossible', async () => {
    const operations = asRegisters(fc.sample(changedAnswer, { numRuns: HISTORIES, seed: SEED }));
    const own = judgeRegisters(operations);
    const kinds = [...own.values()].map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'violated').length).toBeGreaterThan(HISTORIES / 10);
    expect(kinds.filter((kind) => kind === 'linearizable').length).toBeGreaterThan(0);
    const second = await askPorcupine(operations);
    expect(second === undefined ? [] : compareVerdicts(own, second)).toEqual([]);
  });
});
