/** What the agent of the recorded primary does next. Pure. */
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { Acknowledgement } from '../engines/boot.ts';
import type { VolumeState } from '../engines/member-files.ts';
import type { Following, MemberState } from '../engines/member-state.ts';
import { assertNever } from '../runtime/assert-never.ts';
import type { Decision } from './decision.ts';
import { decideReceived } from './decide-receiving.ts';
import { decideStopped } from './decide-stopped.ts';
import type { Observation } from './observation.ts';
import { holdsStandDown } from './stand-down.ts';

/** Decides for a member that the map names as the primary of its epoch. */
export function decidePrimary(observation: Observation, shard: ShardMapShard): Decision {
  const { server, member } = observation;
  if (server.kind !== 'running' || member === null) {
    return decideStopped(observation, shard, (volume) => decidePrimaryStart(volume, observation, shard));
  }
  const { role } = member;
  switch (role.kind) {
    case 'replica':
      return decidePromotion(observation, role.following, shard);
    case 'detached':
      return decideClosedPrimary(observation, member, shard);
    case 'primary':
      return decideOpenPrimary(observation, member, shard);
    default:
      return assertNever(role);
  }
}

/** The rule of the map in the engine's words. */
export function acknowledgementOf({ acknowledgement }: ShardMapShard): Acknowledgement {
  return acknowledgement === 'OneReplica' ? 'oneReplica' : 'none';
}

/** The map names a replica: it was elected, and what it has received is to become the shard's history. */
function decidePromotion(observation: Observation, following: Following, shard: ShardMapShard): Decision {
  if (holdsStandDown(observation.standDown, shard)) {
    return { kind: 'wait', reason: 'standDown' };
  }
  return (
    decideReceived(observation, following) ?? {
      kind: 'promote',
      epoch: shard.epoch,
      acknowledgement: acknowledgementOf(shard),
    }
  );
}

/**
 * For how long a primary that has ended leaves it to the operator to promote another, which is faster and certain
 * where this volume or node is at fault. Long enough for an election, far shorter than a person would wait.
 */
const RESTART_WAIT_MILLISECONDS = 5000;

function decidePrimaryStart(
  volume: VolumeState,
  { downMilliseconds, restartOrdered }: Observation,
  shard: ShardMapShard,
): Decision {
  if (volume.kind === 'ready') {
    const isReplaceable = acknowledgementOf(shard) === 'oneReplica' && shard.ackers.length > 0;
    if (isReplaceable && !restartOrdered && downMilliseconds < RESTART_WAIT_MILLISECONDS) {
      return { kind: 'wait', reason: 'failover' };
    }
    // It may have been elected by its files: what it received is applied first, which would wait for an
    // acknowledgement, too. The server is closed, and the rule is set before it opens.
    return { kind: 'start', order: { role: 'primary', epoch: shard.epoch, acknowledgement: 'none' } };
  }
  const isUntouched =
    volume.kind === 'empty' || (volume.kind === 'interrupted' && volume.step === 'initialise');
  if (!shard.initialised && isUntouched) {
    return { kind: 'initialise' };
  }
  // An empty primary would serve nothing, and its replicas would have to throw their data away to follow it.
  return {
    kind: 'wait',
    reason: 'volume',
    problem: {
      reason: 'PrimaryVolumeEmpty',
      message:
        `The volume of ${shard.primary ?? 'the primary'} is empty, though ${shard.name} has data: the server stays ` +
        'down. Promote a replica, after which this member is cloned from it; or put the volume back.',
    },
  };
}

function decideClosedPrimary(
  { accountsCurrent, heldClosed, preparedFor, isNewTerm }: Observation,
  member: MemberState,
  shard: ShardMapShard,
): Decision {
  const { acknowledgement } = member;
  const rule = acknowledgementOf(shard);
  // The first heartbeat is written after the accounts, so it proves, whatever is restarted meanwhile, that they exist.
  if (member.heartbeat.kind === 'unknown') {
    if (acknowledgement.rule !== 'none') {
      // Without its account no replica can connect, and without a replica no account could be made.
      return { kind: 'setAcknowledgement', rule: 'none' };
    }
    return accountsCurrent === null ? accountsUnreadable() : { kind: 'prepareDatabase', epoch: shard.epoch };
  }
  if (!shard.initialised) {
    return { kind: 'wait', reason: 'initialisedMark' };
  }
  if (acknowledgement.rule !== rule) {
    return { kind: 'setAcknowledgement', rule };
  }
  if (rule === 'oneReplica' && acknowledgement.acknowledgers === 0) {
    if (isNewTerm && preparedFor === shard.epoch) {
      // The others were told to follow it, and are on their way: that is looked for more often than anything else.
      return { kind: 'openWrites', epoch: shard.epoch, awaitsReplica: true };
    }
    return {
      kind: 'wait',
      reason: 'acknowledger',
      problem: {
        reason: 'WaitingForReplica',
        message: 'The primary opens for writes once a replica is connected that acknowledges them.',
      },
    };
  }
  return heldClosed ? { kind: 'wait', reason: 'switchover' } : { kind: 'openWrites', epoch: shard.epoch };
}

function decideOpenPrimary(observation: Observation, member: MemberState, shard: ShardMapShard): Decision {
  const { acknowledgement, epoch } = member;
  const rule = acknowledgementOf(shard);
  if (epoch.kind === 'known' && epoch.value < shard.epoch) {
    return { kind: 'openWrites', epoch: shard.epoch };
  }
  if (rule === 'oneReplica' && acknowledgement.rule === 'none' && shard.ackers.length > 0) {
    return { kind: 'setAcknowledgement', rule };
  }
  // Only while replicas still answer: a commit that waits would keep the server from closing.
  if (rule === 'none' && acknowledgement.rule === 'oneReplica' && acknowledgement.acknowledgers > 0) {
    return { kind: 'closeWrites' };
  }
  const commitsEnd = acknowledgement.rule === 'none' || acknowledgement.acknowledgers > 0;
  if (observation.accountsCurrent === false && commitsEnd) {
    return { kind: 'ensureAccounts' };
  }
  const databases = databasesDue(observation);
  if (databases !== null && commitsEnd) {
    return { kind: 'ensureDatabases', digest: databases };
  }
  if (!observation.usersCurrent && commitsEnd) {
    return { kind: 'ensureUsers' };
  }
  if (!observation.certificatesCurrent) {
    return { kind: 'reloadCertificates' };
  }
  if (observation.retentionDue) {
    return { kind: 'applyRetention' };
  }
  return observation.accountsCurrent === null ? accountsUnreadable() : { kind: 'wait', reason: 'change' };
}

/** Digest of the databases that are to be made; null for none. Once they were, it waits for whoever switches: clients do. */
function databasesDue({ shard, madeDatabases }: Observation): string | null {
  const databases = shard.kind === 'known' ? shard.databases : undefined;
  if (databases === undefined || databases.digest === madeDatabases) {
    return null;
  }
  return madeDatabases === '' || databases.untouched.length === 0 ? databases.digest : null;
}

function accountsUnreadable(): Decision {
  return {
    kind: 'wait',
    reason: 'accounts',
    problem: {
      reason: 'AccountsUnreadable',
      message: 'The mounted Secrets of the accounts cannot be read; see the agent’s log.',
    },
  };
}
