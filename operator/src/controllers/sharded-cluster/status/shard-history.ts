import type { ShardStatus } from '../../../api/v1alpha1/index.ts';
import type { PromotionReport, ShardReport, SwitchoverReport } from '../../../core/instance-report.ts';

/** As long as a message in the status may be. */
const MESSAGE_CHARACTERS = 1000;

/** As long as a request may be. */
const REQUEST_CHARACTERS = 253;

/** The part of a shard's status that its supervisor tells. */
export type ShardHistory = Pick<ShardStatus, 'state' | 'lastFailover' | 'lastSwitchover'>;

/**
 * What the supervisor of a shard tells of it; what it does not know of, since another operator led at the time, stays
 * as it was written.
 */
export function shardHistory(
  report: ShardReport | undefined,
  previous: ShardStatus | undefined,
): ShardHistory {
  const state = report?.state ?? previous?.state;
  const lastFailover =
    report?.lastPromotion === null || report === undefined
      ? previous?.lastFailover
      : failoverStatus(report.lastPromotion);
  const lastSwitchover =
    report?.switchover === null || report === undefined
      ? previous?.lastSwitchover
      : switchoverStatus(report.switchover);
  return {
    ...(state === undefined ? {} : { state }),
    ...(lastFailover === undefined ? {} : { lastFailover }),
    ...(lastSwitchover === undefined ? {} : { lastSwitchover }),
  };
}

function failoverStatus({ at, epoch, from, to, reason, mayBeMissing, phases }: PromotionReport) {
  const phaseMilliseconds = Object.fromEntries(
    Object.entries(phases).map(([phase, milliseconds]) => [phase, Math.max(0, Math.round(milliseconds))]),
  );
  return {
    at: timeText(at),
    epoch,
    ...(from === null ? {} : { from }),
    to,
    reason,
    ...(mayBeMissing === null ? {} : { mayBeMissing: mayBeMissing.slice(0, MESSAGE_CHARACTERS) }),
    phaseMilliseconds,
  };
}

function switchoverStatus({ request, outcome, message, at }: SwitchoverReport) {
  return {
    request: request.slice(0, REQUEST_CHARACTERS),
    outcome,
    message: message.slice(0, MESSAGE_CHARACTERS),
    at: timeText(at),
  };
}

function timeText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
