import { waitFor } from '../../cluster/machine/wait.ts';
import type { Violation } from '../checkers/violation.ts';
import { findMetric, readAgentPage, readServerClock, shiftClocks } from '../stage/own-clock.ts';
import { signalPod } from '../stage/pod-processes.ts';
import type { PodPlace } from '../stage/topology.ts';
import type { Fault } from './fault.ts';

const SHIFT_SECONDS = 300;
const TOLERANCE_SECONDS = 5;
/** What a replica under this load may really be behind. */
const LAG_SECONDS = 5;
const NOTICE_MILLISECONDS = 10_000;
const RETURN_MILLISECONDS = 20_000;

export const clockShifted: Fault = {
  name: 'clock-shifted',
  description:
    'the wall clocks of server, agent and launcher of one instance, of the primary or of a replica, go five minutes ahead or back, ' +
    'as the seed decides; then SIGKILL for that agent, whose successor finds every certificate by the wrong clock',
  setting: 'ownClocks',
  expects: 'noPromotion',
  touches: () => [],
  async inject({ stage, before, random, onUndo }) {
    const members = [before.primary, ...before.replicas];
    const shifted = members[Math.floor(random() * members.length)] ?? before.primary;
    const seconds = random() < 0.5 ? SHIFT_SECONDS : -SHIFT_SECONDS;
    onUndo(() => shiftClocks(shifted, 0));
    await shiftClocks(shifted, seconds);
    await waitFor(
      `the clocks of ${shifted.name} to be off by ${seconds} s`,
      async () => {
        const [{ clock }, ofServer] = await Promise.all([
          readAgentPage(shifted),
          readServerClock(stage, shifted),
        ]);
        return isAbout(clock, seconds) && isAbout(ofServer, seconds) ? true : undefined;
      },
      { timeoutMilliseconds: NOTICE_MILLISECONDS },
    );
    signalPod(shifted.uid, 'agent', 'SIGKILL');
    await waitFor(
      `the agent of ${shifted.name} to be back`,
      async () => (findMetric((await readAgentPage(shifted)).page, SERVER_UP) === 1 ? true : undefined),
      { timeoutMilliseconds: RETURN_MILLISECONDS },
    );
  },
  async check({ stage, before }) {
    const clocks = new Map<string, number>();
    for (const pod of [before.primary, ...before.replicas]) {
      clocks.set(pod.name, await readServerClock(stage, pod));
    }
    const ofPrimary = clocks.get(before.primary.name) ?? NaN;
    const found = await Promise.all(
      before.replicas.map((replica) => judgeLag(replica, (clocks.get(replica.name) ?? NaN) - ofPrimary)),
    );
    return found.flat();
  },
  lastsMilliseconds: 8000,
};

function isAbout(clock: number, seconds: number): boolean {
  return Math.abs(clock - seconds) < TOLERANCE_SECONDS;
}

const SERVER_UP = 'shardwright_server_up';
const LAG = 'shardwright_replication_lag_seconds';

/**
 * The lag is right, or unknown, or it is as much too great as the replica's clock is ahead of the primary's: a replica must never
 * pass for fresher than it is.
 */
async function judgeLag(replica: PodPlace, ahead: number): Promise<readonly Violation[]> {
  const lag = findMetric((await readAgentPage(replica)).page, LAG);
  const isRight = lag === undefined || (lag <= LAG_SECONDS && ahead > -TOLERANCE_SECONDS);
  const isTooGreat = ahead > TOLERANCE_SECONDS && Math.abs((lag ?? 0) - ahead) <= LAG_SECONDS;
  return isRight || isTooGreat
    ? []
    : [
        {
          rule: 'expectedSign',
          message: `${replica.name}, whose clock is ${ahead.toFixed(0)} s ahead, says it lags ${lag} s`,
        },
      ];
}
