/** From the server's terms to the port's: pure. */
import { known, unknown, type Measure } from '../measure.ts';
import type { AcknowledgementState, Following, MemberRole, MemberState } from '../member-state.ts';
import { mergeGtidLists, toPosition, type GtidList } from './gtid.ts';
import type { LogFile } from './log-files.ts';
import type { ServerFacts } from './server-facts.ts';
import type { SlaveStatus } from './slave-status.ts';

/** What an observation needs besides the server's answers. */
export interface ObservationExtras {
  readonly binaryLogs: Measure<readonly LogFile[]>;
  readonly relayLogs: Measure<readonly LogFile[]>;
  /** What the relay logs held when the server started; nothing for one that has none. */
  readonly receivedBeforeStart: Measure<GtidList>;
  /** Milliseconds since anything came from the source. */
  readonly sourceSilence: Measure;
  /** Seconds since the oldest open transaction began. */
  readonly transactionAge: Measure;
}

/**
 * Everything applied. Of a replica that is the position of replication: its own log names a transaction a moment
 * before anybody can see it. A server that follows nobody wrote its newest transactions itself.
 */
export function appliedOf({
  slave,
  slavePosition,
  binaryLogPosition,
}: Pick<ServerFacts, 'binaryLogPosition' | 'slavePosition' | 'slave'>): GtidList {
  return slave === undefined ? mergeGtidLists(slavePosition, binaryLogPosition) : slavePosition;
}

/**
 * Everything in the member's possession. `Gtid_IO_Pos` is known once the IO thread has run; before that, the
 * relay logs of the run before tell.
 */
export function receivedOf(facts: ServerFacts, beforeStart: Measure<GtidList>): Measure<GtidList> {
  const applied = appliedOf(facts);
  if (facts.slave === undefined) {
    return known(applied);
  }
  if (facts.slave.received !== undefined) {
    return known(mergeGtidLists(applied, facts.slave.received));
  }
  return beforeStart.kind === 'known' ? known(mergeGtidLists(applied, beforeStart.value)) : beforeStart;
}

/** Makes the port's state of one pass. */
export function toMemberState(facts: ServerFacts, extras: ObservationExtras): MemberState {
  const received = receivedOf(facts, extras.receivedBeforeStart);
  return {
    observedAt: facts.observedAt,
    version: facts.version,
    uptimeSeconds: statusNumber(facts, 'Uptime'),
    role: roleOf(facts, extras),
    writable: !facts.readOnly,
    epoch: known(facts.epoch ?? 0),
    received: received.kind === 'known' ? known(toPosition(received.value)) : received,
    applied: toPosition(appliedOf(facts)),
    lineage: facts.lineage,
    heartbeat:
      facts.heartbeatWrittenAt === undefined
        ? unknown('no heartbeat was ever written')
        : known(facts.heartbeatWrittenAt),
    acknowledgement: acknowledgementOf(facts),
    logBytes: totalBytes(extras),
    longestTransactionSeconds: extras.transactionAge,
    runningThreads: facts.status.has('Threads_running')
      ? known(statusNumber(facts, 'Threads_running'))
      : unknown('the server does not tell how many threads run'),
  };
}

function roleOf(facts: ServerFacts, extras: ObservationExtras): MemberRole {
  if (facts.slave !== undefined) {
    return { kind: 'replica', following: followingOf(facts, facts.slave, extras) };
  }
  return facts.readOnly ? { kind: 'detached' } : { kind: 'primary' };
}

function followingOf(facts: ServerFacts, slave: SlaveStatus, extras: ObservationExtras): Following {
  return {
    source: slave.source,
    receiving: slave.receiving,
    applying: slave.applying,
    secondsBehind: slave.secondsBehind,
    lagMilliseconds: heartbeatLag(facts, slave),
    bytesBehind: bytesBehind(slave, extras.relayLogs),
    silentMilliseconds: extras.sourceSilence,
  };
}

/** The clocks of two machines may differ by so much. */
const CLOCK_TOLERANCE_MILLISECONDS = 1000;

function heartbeatLag(facts: ServerFacts, slave: SlaveStatus): Measure {
  if (slave.receiving.kind !== 'running') {
    return unknown('it does not receive from its source');
  }
  if (facts.heartbeatWrittenAt === undefined) {
    return unknown('no heartbeat was ever written');
  }
  const age = facts.observedAt - facts.heartbeatWrittenAt;
  // By a clock that is behind, a replica would pass for fresh however far it lags.
  return age < -CLOCK_TOLERANCE_MILLISECONDS
    ? unknown(`its clock is behind that of its source by ${Math.round(-age / 1000)} s or more`)
    : known(Math.max(0, age));
}

function bytesBehind(slave: SlaveStatus, relayLogs: ObservationExtras['relayLogs']): Measure {
  if (relayLogs.kind === 'unknown') {
    return relayLogs;
  }
  const names = relayLogs.value.map(({ name }) => name);
  const at = names.indexOf(slave.relayLogFile.replace(/^.*\//, ''));
  if (at === -1) {
    return unknown('the relay log being applied is not there');
  }
  const total = relayLogs.value.slice(at).reduce((sum, { bytes }) => sum + bytes, 0);
  return known(Math.max(0, total - slave.relayLogOffset));
}

function acknowledgementOf(facts: ServerFacts): AcknowledgementState {
  return {
    rule: facts.semiSyncMaster ? 'oneReplica' : 'none',
    waiting: facts.status.get('Rpl_semi_sync_master_status') === 'ON',
    acknowledgers: statusNumber(facts, 'Rpl_semi_sync_master_clients'),
    waitingSessions: statusNumber(facts, 'Rpl_semi_sync_master_wait_sessions'),
    acknowledgedCommits: statusNumber(facts, 'Rpl_semi_sync_master_yes_tx'),
    unacknowledgedCommits: statusNumber(facts, 'Rpl_semi_sync_master_no_tx'),
    acknowledges: facts.status.get('Rpl_semi_sync_slave_status') === 'ON',
  };
}

function totalBytes({ binaryLogs, relayLogs }: ObservationExtras): Measure {
  if (binaryLogs.kind === 'unknown') {
    return binaryLogs;
  }
  if (relayLogs.kind === 'unknown') {
    return relayLogs;
  }
  return known([...binaryLogs.value, ...relayLogs.value].reduce((sum, { bytes }) => sum + bytes, 0));
}

function statusNumber(facts: ServerFacts, name: string): number {
  return Number(facts.status.get(name) ?? 0);
}
