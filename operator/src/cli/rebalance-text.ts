/** A ShardRebalance for a terminal. Pure. */
import type { RebalanceMove, ShardRebalance } from '../api/v1alpha1/index.ts';
import { bytesText, countText, secondsText } from './amounts.ts';
import { renderTable } from './table.ts';

/** Characters of the bar. */
const BAR = 30;

/** Most moves that are shown one by one. */
const SHOWN_MOVES = 20;

/** The list of some. */
export function renderRebalances(rebalances: readonly ShardRebalance[]): string[] {
  return renderTable(
    ['NAME', 'CLUSTER', 'PURPOSE', 'PHASE', 'MOVES', 'ETA', 'CREATED'],
    rebalances.map(({ metadata, spec, status }) => [
      metadata.name,
      spec.clusterName,
      purposeText(spec),
      status?.phase ?? 'not planned',
      status?.summary?.moves ?? '-',
      status?.summary?.eta ?? '-',
      metadata.creationTimestamp ?? '-',
    ]),
  );
}

/** How far one has come, and what it is held by. */
export function renderProgress({ metadata, spec, status }: ShardRebalance): string[] {
  const { phase = 'not planned yet', message, held, progress, moves = [], soakEndsAt } = status ?? {};
  const listed = moves.slice(0, SHOWN_MOVES);
  return [
    `${metadata.name}   ${spec.clusterName}: ${purposeText(spec)}   ${phase}${wishText(spec)}`,
    ...(message === undefined ? [] : [message]),
    ...(held === undefined ? [] : [`Held since ${held.since} (${held.reason}): ${held.message}`]),
    ...(progress === undefined ? [] : progressLines(progress)),
    ...(soakEndsAt === undefined || phase !== 'Soaking'
      ? []
      : [
          `until ${soakEndsAt} kubectl shardwright rebalance rollback ${metadata.name} brings everything back`,
        ]),
    ...(listed.length === 0
      ? []
      : [
          '',
          ...renderTable(
            ['MOVE', 'FROM', 'TO', 'PHASE', 'ROWS', 'BYTES', 'RATE', 'ETA', 'LAG', 'PAUSE', 'NOTE'],
            listed.map(moveRow),
          ),
        ]),
    ...(moves.length > listed.length ? [`... and ${moves.length - listed.length} more`] : []),
  ];
}

type Progress = NonNullable<NonNullable<ShardRebalance['status']>['progress']>;

function progressLines(progress: Progress): string[] {
  const { total, done, soaking, running, pending, undone, failed, longestPauseMilliseconds } = progress;
  const over = done + soaking;
  const part = total === 0 ? 1 : over / total;
  const filled = Math.round(part * BAR);
  const counts: readonly (readonly [string, number])[] = [
    ['running', running],
    ['pending', pending],
    ['soaking', soaking],
    ['undone', undone],
    ['failed', failed],
  ];
  return [
    `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}] ${over}/${total} cut over` +
      counts.flatMap(([word, count]) => (count === 0 ? [] : [`   ${count} ${word}`])).join(''),
    [
      `rows ${countText(progress.rowsDone)} of ${countText(progress.rowsTotal)}`,
      `bytes ${bytesText(progress.bytesDone)} of ${bytesText(progress.bytesTotal)}`,
      `${countText(progress.rowsPerSecond)} rows/s`,
      `${bytesText(progress.bytesPerSecond)}/s`,
      `ETA ${over + undone + failed === total ? '-' : secondsText(progress.etaSeconds)}`,
      ...(longestPauseMilliseconds === undefined ? [] : [`longest pause ${longestPauseMilliseconds} ms`]),
    ].join('   '),
  ];
}

function moveRow(move: RebalanceMove): string[] {
  const { keyspace, unit, slot, from, to, phase, stage, attempt, heldBecause, error } = move;
  return [
    unit === 'Slot' ? `${keyspace} ${slot}` : `${keyspace} ${unit.toLowerCase()}`,
    String(from),
    String(to),
    stage === undefined || stage === phase ? phase : `${phase} (${stage})`,
    `${countText(move.rowsDone)}/${countText(move.rowsTotal)}`,
    `${bytesText(move.bytesDone)}/${bytesText(move.bytesTotal)}`,
    `${bytesText(move.bytesPerSecond)}/s`,
    phase === 'Copying' ? secondsText(move.etaSeconds) : '-',
    millisecondsText(move.lagMilliseconds),
    millisecondsText(move.pauseMilliseconds),
    error ?? heldBecause ?? (attempt > 1 ? `attempt ${attempt}` : ''),
  ];
}

function millisecondsText(value: number | undefined): string {
  return value === undefined ? '-' : `${value} ms`;
}

function purposeText({ scale, moves = [] }: ShardRebalance['spec']): string {
  return scale === undefined ? `${moves.length} by hand` : `to ${scale.shards} shards`;
}

function wishText({ paused, cancel, rollback }: ShardRebalance['spec']): string {
  const wishes = [
    ...(paused ? ['pause'] : []),
    ...(cancel ? ['cancel'] : []),
    ...(rollback ? ['roll back'] : []),
  ];
  return wishes.length === 0 ? '' : `   asked to ${wishes.join(' and ')}`;
}
