import { describe, expect, it } from '@jest/globals';
import { aReport } from '../agent/moves/testing/move-reports.ts';
import type { ShardMapMove } from '../api/v1alpha1/index.ts';
import { mariadbPositions } from '../engines/mariadb/gtid.ts';
import type { Position } from '../engines/position.ts';
import { givingReport, receivingReport } from './receiving-report.ts';

const MOVE = { id: 'cut-1', split: { at: '100', lower: 4, upper: 5 } };
const at = (position: string) => position as Position;

function combined(
  lower: Parameters<typeof aReport>[0],
  upper: Parameters<typeof aReport>[0],
): ReturnType<typeof receivingReport> {
  const reports = [aReport({ id: 'cut-1.l', ...lower }), aReport({ id: 'cut-1.u', ...upper })];
  return receivingReport([aReport({ id: 'cut-1', role: 'giving' }), ...reports], MOVE, mariadbPositions);
}

describe('what the receiving end says', () => {
  it('is its report where a move is no split', () => {
    const report = aReport({ id: 'grow-1' });
    expect(receivingReport([report], { id: 'grow-1' }, mariadbPositions)).toBe(report);
    expect(receivingReport([report], { id: 'grow-2' }, mariadbPositions)).toBeUndefined();
  });

  it('is nothing while a part is silent, or acts upon another attempt', () => {
    const lower = aReport({ id: 'cut-1.l' });
    expect(receivingReport([lower], MOVE, mariadbPositions)).toBeUndefined();
    expect(combined({ attempt: 1 }, { attempt: 2 })).toBeUndefined();
  });

  it('is as far as the part that is behind, and opens where both are in the history', () => {
    const ahead = { position: at('0-1-20'), ownPosition: at('0-1-21'), lagMilliseconds: 1 };
    const behind = { position: at('0-1-10'), ownPosition: at('0-1-12'), lagMilliseconds: 70 };
    for (const report of [combined(ahead, behind), combined(behind, ahead)]) {
      expect(report).toMatchObject({
        id: 'cut-1',
        position: '0-1-10',
        ownPosition: '0-1-21',
        lagMilliseconds: 70,
        rowsCopied: 80,
        verified: { rows: 80 },
      });
    }
    expect(combined(ahead, { ...behind, position: null })).toMatchObject({ position: null });
    expect(combined(ahead, { ...behind, ownPosition: null })).toMatchObject({ ownPosition: null });
    expect(combined(ahead, { ...behind, verified: null })).toMatchObject({ verified: null });
  });

  it('is fenced behind the later fence, once both are in one attempt', () => {
    const fence = (position: string, attempt = 1) => ({ fenced: { attempt, position: at(position) } });
    expect(combined(fence('0-1-20'), fence('0-1-30'))?.fenced).toEqual({ attempt: 1, position: '0-1-30' });
    expect(combined(fence('0-1-30'), fence('0-1-20'))?.fenced).toEqual({ attempt: 1, position: '0-1-30' });
    expect(combined(fence('0-1-20'), { fenced: null })?.fenced).toBeNull();
    expect(combined({ fenced: null }, fence('0-1-20'))?.fenced).toBeNull();
    expect(combined(fence('0-1-20', 1), fence('0-1-30', 2))?.fenced).toBeNull();
  });

  it('is at the stage that both have reached, and has failed where one has', () => {
    expect(combined({ stage: 'Following' }, { stage: 'Verifying' })?.stage).toBe('Verifying');
    expect(combined({ stage: 'Serving' }, { stage: 'Waiting' })?.stage).toBe('Waiting');
    expect(combined({ stage: 'Failed' }, { stage: 'Following' })?.stage).toBe('Failed');
  });
});

describe('what the giving end says', () => {
  const reports = [
    aReport({ id: 'cut-1', role: 'giving', stage: 'CatchingUp' }),
    aReport({ id: 'cut-1.x', role: 'giving', stage: 'Following', position: at('0-1-30') }),
    aReport({ id: 'cut-1.y', role: 'giving', stage: 'Following', position: at('0-1-20') }),
  ];
  const given = (phase: ShardMapMove['phase'], said = reports) =>
    givingReport(said, { ...MOVE, phase }, mariadbPositions);

  it.each(['Copying', 'Switching', 'Undoing', 'Finishing'] as const)('is of the slot in %s', (phase) => {
    expect(given(phase)).toBe(reports[0]);
  });

  it.each(['Soaking', 'Returning'] as const)('is of what follows the parts in %s', (phase) => {
    expect(given(phase)).toMatchObject({
      id: 'cut-1',
      role: 'giving',
      stage: 'Following',
      position: '0-1-20',
    });
    expect(given(phase, reports.slice(0, 2))).toBeUndefined();
  });

  it('is its report where a move is no split', () => {
    const [report] = reports;
    expect(givingReport(reports, { id: 'cut-1', phase: 'Soaking' }, mariadbPositions)).toBe(report);
  });
});
