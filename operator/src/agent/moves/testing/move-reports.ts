import type { Position } from '../../../engines/position.ts';
import type { MoveReport } from '../../protocol/move-report.ts';

/** What the receiving agent tells of a move that is copied and followed; `change` makes it what a test needs. */
export function aReport(change: Partial<MoveReport> = {}): MoveReport {
  return {
    id: 'grow-1',
    role: 'receiving',
    stage: 'Following',
    epoch: 3,
    attempt: 1,
    rowsCopied: 40,
    rowsTotal: 40,
    bytesCopied: 4000,
    bytesTotal: 4000,
    rowsPerSecond: 0,
    bytesPerSecond: 0,
    lagMilliseconds: 5,
    position: '0-1-10' as Position,
    ownPosition: null,
    verified: { position: '0-1-10' as Position, tables: 2, rows: 40 },
    fenced: null,
    held: null,
    error: null,
    ...change,
  };
}
