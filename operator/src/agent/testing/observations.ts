import type { ShardMapShard } from '../../api/v1alpha1/index.ts';
import { known, unknown } from '../../engines/measure.ts';
import type { Following, MemberState } from '../../engines/member-state.ts';
import type { Lineage, Position } from '../../engines/position.ts';
import type { Observation } from '../observation.ts';
import type { ReturnFacts } from '../return-facts.ts';

export const PRIMARY = 'demo-shard-0-0';
export const REPLICA = 'demo-shard-0-1';
export const OTHER_REPLICA = 'demo-shard-0-2';
export const PRIMARY_ADDRESS = { host: 'primary.test', port: 3306 };

/** The entry of a shard at work: epoch 3, both replicas ackers. */
export function anEntry(change: Partial<ShardMapShard> = {}): ShardMapShard {
  return {
    number: 0,
    name: 'demo-shard-0',
    epoch: 3,
    primary: PRIMARY,
    replicas: [REPLICA, OTHER_REPLICA],
    ackers: [REPLICA, OTHER_REPLICA],
    initialised: true,
    acknowledgement: 'OneReplica',
    ...change,
  };
}

/** A replica that follows the primary and applies everything. */
export function aFollowing(change: Partial<Following> = {}): Following {
  return {
    source: PRIMARY_ADDRESS,
    receiving: { kind: 'running' },
    applying: { kind: 'running' },
    secondsBehind: known(0),
    lagMilliseconds: known(300),
    bytesBehind: known(0),
    silentMilliseconds: known(0),
    ...change,
  };
}

/** A closed server that follows nobody; `change` makes it what a test needs. */
export function aMember(change: Partial<MemberState> = {}): MemberState {
  return {
    observedAt: 1000,
    version: '11.8.6',
    uptimeSeconds: 10,
    role: { kind: 'detached' },
    writable: false,
    epoch: known(3),
    received: known('0-1-42' as Position),
    applied: '0-1-42' as Position,
    lineage: '0-1-42' as Lineage,
    heartbeat: known(900),
    acknowledgement: {
      rule: 'none',
      waiting: false,
      acknowledgers: 0,
      waitingSessions: 0,
      acknowledgedCommits: 0,
      unacknowledgedCommits: 0,
      acknowledges: false,
    },
    logBytes: known(1000),
    longestTransactionSeconds: unknown('the server takes no writes'),
    runningThreads: known(1),
    ...change,
  };
}

/** The acknowledgement of a primary whose commits wait, with so many replicas connected. */
export function acknowledgedBy(acknowledgers: number): Pick<MemberState, 'acknowledgement'> {
  const { acknowledgement } = aMember();
  return { acknowledgement: { ...acknowledgement, rule: 'oneReplica', waiting: true, acknowledgers } };
}

/** A database that nobody has put an account into. */
export const UNPREPARED: Pick<MemberState, 'heartbeat' | 'epoch'> = {
  heartbeat: unknown('no heartbeat was ever written'),
  epoch: known(0),
};

/** A member whose history is the primary's. */
export function aReturn(change: Partial<ReturnFacts> = {}): ReturnFacts {
  return {
    epoch: 3,
    primary: PRIMARY,
    tail: { kind: 'none' },
    knownMilliseconds: 10_000,
    primaryView: null,
    startsWithTail: 0,
    broken: null,
    givenUp: null,
    recentReclones: 0,
    freeBytes: null,
    ...change,
  };
}

/** A pod whose server is down, on a volume with a complete database. */
export function anObservation(change: Partial<Observation> = {}): Observation {
  return {
    pod: REPLICA,
    shard: { kind: 'known', shard: anEntry() },
    server: { kind: 'ended', lastExit: null },
    downMilliseconds: 60_000,
    terminating: false,
    volume: { kind: 'ready', origin: 'clone', engineVersion: '11.8.6-MariaDB' },
    engineVersion: '11.8',
    hasSession: false,
    startsInVain: 0,
    member: null,
    salvaged: false,
    accountsCurrent: true,
    madeDatabases: '',
    usersCurrent: true,
    certificatesCurrent: true,
    retentionDue: false,
    passwordSuspected: false,
    primaryAddress: PRIMARY_ADDRESS,
    standDown: null,
    preparedFor: null,
    restartOrdered: false,
    returning: aReturn(),
    heldClosed: false,
    toStepDown: false,
    isNewTerm: false,
    ...change,
  };
}

/** The same with a server that runs, was looked at, and has nothing left to salvage. */
export function aRunning(
  member: MemberState,
  change: Partial<Observation> = {},
  role = change.pod === PRIMARY ? 'primary' : 'replica',
): Observation {
  return anObservation({
    server: { kind: 'running', pid: 7, epoch: 3, role, startedAt: 0 },
    downMilliseconds: 0,
    hasSession: true,
    member,
    salvaged: true,
    ...change,
  });
}
