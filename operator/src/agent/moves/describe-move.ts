/** What an agent tells of a move. Pure. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { MoveReport, MoveStage } from '../protocol/move-report.ts';
import type { MoveTask } from './decide-moves.ts';
import type { MoveRecord } from './move-record.ts';

/** What a report is made from, beside the record. */
export interface MoveScene {
  /** Number of this shard, and its epoch. */
  readonly shard: number;
  readonly epoch: number;
  /** Kinds of the tasks that work on the move now. */
  readonly running: ReadonlySet<MoveTask['kind']>;
  /** Whether the databases of this shard are known to be as the map says. */
  readonly isUpkept: boolean;
}

/** The report. */
export function describeMove(record: MoveRecord, scene: MoveScene): MoveReport {
  const { move, progress } = record;
  return {
    id: move.id,
    role: move.to === scene.shard ? 'receiving' : 'giving',
    stage: stageOf(record, scene),
    epoch: scene.epoch,
    attempt: move.attempt,
    rowsCopied: progress?.rows ?? 0,
    rowsTotal: progress?.rowsTotal ?? null,
    bytesCopied: progress?.bytes ?? 0,
    bytesTotal: progress?.bytesTotal ?? null,
    rowsPerSecond: scene.running.has('copy') ? Math.round(record.rows.bytesPerSecond()) : 0,
    bytesPerSecond: scene.running.has('copy') ? Math.round(record.bytes.bytesPerSecond()) : 0,
    lagMilliseconds: record.lagMilliseconds,
    ...positionsOf(record),
    verified: record.verified,
    fenced: record.fenced,
    held: record.held,
    error: record.error ?? record.spoilt,
  };
}

/** Whoever opens here needs both of one moment: an end that was read before lacks rows that the position covers. */
function positionsOf(record: MoveRecord): Pick<MoveReport, 'position' | 'ownPosition'> {
  const { position, ownPosition, move } = record;
  if (ownPosition !== null && (move.phase === 'Switching' || move.phase === 'Returning')) {
    return { position: ownPosition.of, ownPosition: ownPosition.end };
  }
  return { position, ownPosition: null };
}

function stageOf(record: MoveRecord, scene: MoveScene): MoveStage {
  const { move } = record;
  const isReceiver = move.to === scene.shard;
  switch (move.phase) {
    case 'Copying':
      return isReceiver ? receivingStage(record, scene) : servingStage(record, scene);
    case 'Switching':
      return isReceiver ? followingStage(record, scene) : fencedStage(record);
    case 'Soaking':
      return isReceiver || move.unit === 'Reference'
        ? servingStage(record, scene)
        : followingStage(record, scene);
    case 'Returning':
      return isReceiver ? fencedStage(record) : followingStage(record, scene);
    case 'Undoing':
      return isReceiver ? cleanedStage(record) : servingStage(record, scene);
    case 'Finishing':
      return isReceiver ? servingStage(record, scene) : keptOrCleanedStage(record, scene);
    default:
      return assertNever(move.phase);
  }
}

function receivingStage(record: MoveRecord, scene: MoveScene): MoveStage {
  const { spoilt, hasCopy, verified, progress, error } = record;
  if (spoilt !== null || error?.code === 'NotMovable') {
    return 'Failed';
  }
  if (scene.running.has('copy')) {
    return progress?.stage ?? 'Waiting';
  }
  if (hasCopy !== true) {
    return 'Waiting';
  }
  if (scene.running.has('verify')) {
    return 'Verifying';
  }
  return verified === null ? 'CatchingUp' : followingStage(record, scene);
}

function followingStage({ spoilt, position }: MoveRecord, { running }: MoveScene): MoveStage {
  if (spoilt !== null) {
    return 'Failed';
  }
  return running.has('follow') && position !== null ? 'Following' : 'CatchingUp';
}

function fencedStage({ move, fenced }: MoveRecord): MoveStage {
  return fenced?.attempt === move.attempt ? 'Fenced' : 'Waiting';
}

function servingStage({ lacksRights }: MoveRecord, { isUpkept }: MoveScene): MoveStage {
  return lacksRights || !isUpkept ? 'Waiting' : 'Serving';
}

function cleanedStage({ isCleaned }: MoveRecord): MoveStage {
  return isCleaned ? 'Cleaned' : 'Waiting';
}

/** The source of reference tables keeps them: there is nothing to remove but a fence. */
function keptOrCleanedStage(record: MoveRecord, scene: MoveScene): MoveStage {
  if (record.move.unit !== 'Reference') {
    return cleanedStage(record);
  }
  return servingStage(record, scene) === 'Serving' ? 'Cleaned' : 'Waiting';
}
