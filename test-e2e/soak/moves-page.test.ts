import { describe, expect, it } from '@jest/globals';
import { renderMovesPage } from './moves-page.ts';
import type { RoundResult } from './round-result.ts';

const ROUND: RoundResult = {
  at: '2026-01-02T03:04:05Z',
  seed: 7,
  round: 1,
  fault: null,
  phase: null,
  milliseconds: 900,
  longestGap: 41.4,
  operations: 500,
  failures: 0,
  violations: [],
};

describe('renderMovesPage', () => {
  it('says so when nothing is on record', () => {
    expect(renderMovesPage([])).toContain('No run is on record.');
  });

  it('has a line for each day, fault and phase', () => {
    const killed = { ...ROUND, fault: 'the operator is killed', phase: 'Copying', failures: 2 };
    const page = renderMovesPage([ROUND, { ...ROUND, round: 2, longestGap: 60 }, killed]);
    expect(page).toContain('3 rounds, 1500 statements, 0 broken promises.');
    expect(page).toContain('| 2026-01-02 | processes | nothing |  | 2 | 0 | 41 | 60 | 60 | 0 |');
    expect(page).toContain(
      '| 2026-01-02 | processes | the operator is killed | Copying | 1 | 2 | 41 | 41 | 41 | 0 |',
    );
    expect(page).not.toContain('## Broken promises');
    expect(page).not.toContain('## More and fewer shards');
  });

  it('puts what happened likewise together, in the order of the phases', () => {
    const told = [
      ['the operator is killed', 'Soaking'],
      ['a way is cut', 'Copying'],
      ['the operator is killed', 'Copying'],
    ].map(([fault = '', phase = '']) => ({ ...ROUND, fault, phase }));
    const order = renderMovesPage(told)
      .split('\n')
      .flatMap((line) => /(?:killed|cut) \| \w+/.exec(line) ?? []);
    expect(order).toEqual(['killed | Copying', 'killed | Soaking', 'cut | Copying']);
  });

  it('keeps what ran on the cluster apart', () => {
    const page = renderMovesPage([ROUND, { ...ROUND, on: 'processes' }, { ...ROUND, on: 'cluster' }]);
    expect(page).toContain('| 2026-01-02 | processes | nothing |  | 2 |');
    expect(page).toContain('| 2026-01-02 | cluster | nothing |  | 1 |');
  });

  it('has a line for each change of the number of shards', () => {
    const spread: RoundResult = {
      ...ROUND,
      on: 'cluster',
      fault: '5 to 3 shards',
      milliseconds: 61_400,
      slotsMoved: 6,
      slotsAtLeast: 4,
      longestSwitch: 38.6,
      updates: 1234,
      audited: { slots: 8, rows: 24_000 },
      surroundings: {
        commit: 'abc',
        node: 'v24',
        kernel: '6',
        processors: 2,
        processor: 'fast',
        memoryGibibytes: 24,
        mariadb: '11.8.3',
        instances: 2,
      },
    };
    expect(renderMovesPage([spread])).toContain(
      '| 2026-01-02 | cluster | 5 to 3 shards | 61 | 6 | 1.500 | 39 | 41 | 0 | 500 | 1234 | 24000 | 7 | abc, MariaDB 11.8.3, 2 servers a shard, 2 × fast, 24 GiB |',
    );
  });

  it('names what was broken', () => {
    const page = renderMovesPage([{ ...ROUND, violations: ['3 acknowledged appends are not there'] }]);
    expect(page).toContain('| 2026-01-02 | 7 | 1 | 3 acknowledged appends are not there |');
  });
});
