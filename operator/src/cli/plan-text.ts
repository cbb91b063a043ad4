/** A plan for a terminal. Pure. */
import type { ShardRebalancePlan } from '../api/v1alpha1/index.ts';
import { bytesText, countText, secondsText, shareText } from './amounts.ts';
import { renderTable } from './table.ts';

/** A plan, whether it is stored or not. */
type ShownPlan = Omit<ShardRebalancePlan, 'plannedAt' | 'mapRevision'>;

/** Most groups of moves that are shown one by one. */
const SHOWN_GROUPS = 40;

/** Longest set of slots that is shown, in characters. */
const SHOWN_SLOTS = 40;

/** The lines of a plan; `problems`: what could not be measured for it. */
export function renderPlan(plan: ShownPlan, problems: readonly string[] = []): string[] {
  const { moveCount, shardsBefore, shardsAfter, shareMovedByModulo, durationSeconds, warnings } = plan;
  if (moveCount === 0) {
    return ['Nothing has to move.', ...problems];
  }
  const modulo =
    shareMovedByModulo === undefined
      ? ''
      : ` (by the remainder it would be ${shareText(shareMovedByModulo)})`;
  const time =
    durationSeconds === undefined
      ? 'unknown'
      : `${secondsText(durationSeconds.least)} to ${secondsText(durationSeconds.most)}, without windows`;
  return [
    `${shardsBefore} -> ${shardsAfter} shards with slots: ${countText(moveCount)} moves, ${shareText(plan.shareMoved)} of all slots${modulo}`,
    `rows ${countText(plan.rows)}   bytes ${bytesText(plan.bytes)}   time ${time}`,
    ...(plan.weights === undefined
      ? []
      : [
          `weights ${plan.weights.map(({ shard, weight }) => `shard ${shard}: ${weight}`).join(', ')}; all others: 1`,
        ]),
    '',
    ...renderTable(
      ['KEYSPACE', 'PLACEMENT', 'SLOTS', 'MOVED', 'AT LEAST', 'BY REMAINDER', 'SKEW', 'SKEW AFTER'],
      plan.keyspaces.map((keyspace) => [
        keyspace.name,
        keyspace.placement,
        String(keyspace.slots),
        String(keyspace.slotsMoved),
        String(keyspace.slotsMovedAtLeast ?? '-'),
        String(keyspace.slotsMovedByModulo ?? '-'),
        keyspace.skewBefore.toFixed(3),
        keyspace.skewAfter.toFixed(3),
      ]),
    ),
    '',
    ...renderTable(
      ['KEYSPACE', 'WHAT', 'FROM', 'TO', 'MOVES', 'ROWS', 'BYTES'],
      plan.moves
        .slice(0, SHOWN_GROUPS)
        .map(({ keyspace, unit, slots, split, from, to, count, rows, bytes }) => [
          keyspace,
          split === undefined
            ? unit === 'Slot'
              ? `slots ${shorten(slots ?? '')}`
              : `${unit.toLowerCase()} tables`
            : `slot ${slots} split at ${shorten(JSON.stringify(split.at))} into ${split.lower} and ${split.upper}`,
          String(from),
          String(to),
          String(count),
          countText(rows),
          bytesText(bytes),
        ]),
    ),
    ...(plan.moves.length > SHOWN_GROUPS ? [`... and ${plan.moves.length - SHOWN_GROUPS} more lines`] : []),
    ...(warnings.length + problems.length === 0 ? [] : ['']),
    ...warnings.map(({ code, message }) => `Warning (${code}): ${message}`),
    ...problems.map((problem) => `Warning: ${problem}`),
  ];
}

function shorten(text: string): string {
  return text.length <= SHOWN_SLOTS ? text : `${text.slice(0, SHOWN_SLOTS - 3)}...`;
}
