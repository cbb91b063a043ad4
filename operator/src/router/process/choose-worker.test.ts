import { describe, expect, it } from '@jest/globals';
import { chooseWorker, OFFERS_AT_A_TIME, type WorkerLoad } from './choose-worker.ts';

function worker(index: number, load: Partial<WorkerLoad> = {}): WorkerLoad {
  return { index, isAble: true, isStalled: false, connections: 0, offers: 0, lastChoice: 0, ...load };
}

const cases: readonly [string, readonly WorkerLoad[], number | null][] = [
  ['nobody when there is nobody', [], null],
  ['nobody who has not said that it can', [worker(0, { isAble: false })], null],
  ['the one with the fewest clients', [worker(0, { connections: 2 }), worker(1, { connections: 1 })], 1],
  ['counting what it was offered', [worker(0, { offers: 2 }), worker(1, { connections: 1 })], 1],
  ['of equals the one chosen longest ago', [worker(0, { lastChoice: 5 }), worker(1, { lastChoice: 3 })], 1],
  ['nobody with as many offers as there may be', [worker(0, { offers: OFFERS_AT_A_TIME })], null],
  [
    'one that answers before one that does not',
    [worker(0, { isStalled: true }), worker(1, { connections: 9 })],
    1,
  ],
  ['one that does not answer rather than nobody', [worker(0, { isStalled: true })], 0],
  [
    'one that does not answer when the other is full of offers',
    [worker(0, { isStalled: true }), worker(1, { offers: OFFERS_AT_A_TIME })],
    0,
  ],
];

describe('the next client is given to', () => {
  it.each(cases)('%s', (_name, workers, expected) => {
    expect(chooseWorker(workers)?.index ?? null).toBe(expected);
    expect(chooseWorker(workers.toReversed())?.index ?? null).toBe(expected);
  });
});
