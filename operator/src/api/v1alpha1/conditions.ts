/**
 * Conditions of a ShardedCluster and the reasons they carry. Both are closed: users and tools match on them.
 * `docs/reference/conditions.md` is generated from this file.
 */

interface ConditionDocumentation {
  /** What it means when the condition is True. */
  readonly meaning: string;
  /** The status a user wants to see; `either` where both are normal. */
  readonly good: 'True' | 'False' | 'either';
}

/** Every condition type. All of them are set from the first reconcile on. */
export const CONDITIONS = {
  Ready: {
    meaning:
      'Every shard has all its instances, everything asked for is in place, and data can be read and written. Stays True while slots move between shards.',
    good: 'True',
  },
  Available: {
    meaning: 'Every shard has a primary that takes reads and writes.',
    good: 'True',
  },
  Progressing: {
    meaning: 'The operator is changing something, or waits for a change to take effect.',
    good: 'either',
  },
  Degraded: {
    meaning: 'Something is worse than asked for, though data may still be served.',
    good: 'False',
  },
  Rebalancing: {
    meaning: 'Slots are moving between shards.',
    good: 'either',
  },
  FailoverBlocked: {
    meaning:
      'A shard lost its primary and no replica is promoted, because loss of acknowledged writes cannot be excluded or a rule forbids it; or none could be if it were lost now.',
    good: 'False',
  },
} as const satisfies Record<string, ConditionDocumentation>;

/** Name of a condition. */
export type ConditionType = keyof typeof CONDITIONS;

/** Condition types in the order they are written. */
export const CONDITION_TYPES = Object.keys(CONDITIONS) as ConditionType[];

interface ReasonDocumentation {
  /** Conditions that can carry the reason, with the status they then have. */
  readonly on: readonly `${ConditionType}=${'True' | 'False' | 'Unknown'}`[];
  readonly meaning: string;
  /** What the user does about it. */
  readonly remedy: string;
}

const NOTHING = 'Nothing to do.';

/** Every reason of every condition. */
export const REASONS = {
  AllShardsReady: {
    on: ['Ready=True'],
    meaning: 'All instances of all shards are ready and everything is as the spec says.',
    remedy: NOTHING,
  },
  PrimariesAvailable: {
    on: ['Available=True'],
    meaning: 'Every shard has a ready primary; one that is being added holds nothing yet and does not count.',
    remedy: NOTHING,
  },
  PrimaryUnavailable: {
    on: ['Available=False', 'Ready=False'],
    meaning: 'At least one shard has no ready primary; the message names it.',
    remedy:
      'Wait for the promotion or the pod; look at the events of the ShardedCluster and of the pod named.',
  },
  CreatingObjects: {
    on: ['Ready=False', 'Available=False', 'Progressing=True'],
    meaning: 'Objects of the cluster are being created for the first time.',
    remedy: NOTHING,
  },
  WaitingForPods: {
    on: ['Ready=False', 'Available=False', 'Progressing=True'],
    meaning: 'Objects are in place, but some pods are not ready yet; the message names them.',
    remedy:
      'If it lasts, run `kubectl describe pod` on a pod named: a volume, an image or a node may be missing.',
  },
  UpToDate: {
    on: ['Progressing=False'],
    meaning: 'Everything is as the spec says.',
    remedy: NOTHING,
  },
  AsExpected: {
    on: ['Degraded=False'],
    meaning: 'Nothing is worse than asked for.',
    remedy: NOTHING,
  },
  InstancesNotReady: {
    on: ['Degraded=True', 'Ready=False'],
    meaning: 'Instances that were ready no longer are; the message names them.',
    remedy:
      'Run `kubectl describe pod` on a pod named. Replicas come back by themselves once the cause is gone.',
  },
  SlotsMoving: {
    on: ['Rebalancing=True'],
    meaning: 'Slots are moving between shards; the message names the ShardRebalance and how far it is.',
    remedy: NOTHING,
  },
  RebalanceHeld: {
    on: ['Rebalancing=True'],
    meaning: 'Moves do not go on; the message says why. Data is served as before.',
    remedy:
      'Do as the message says; `kubectl describe` of the ShardRebalance shows what each move waits for.',
  },
  SlotsSoaking: {
    on: ['Rebalancing=True'],
    meaning: 'All slots are where they are to be, and can be rolled back until the soak time ends.',
    remedy: NOTHING,
  },
  RebalancePlanned: {
    on: ['Rebalancing=False'],
    meaning:
      'A ShardRebalance waits to begin: for its plan, for consent, or for another to end; the message says which.',
    remedy: 'Nothing to do, unless it waits for consent: then set `spec.approved` of the ShardRebalance.',
  },
  RebalanceFailed: {
    on: ['Rebalancing=False'],
    meaning: 'The last ShardRebalance has ended before its plan was carried out; the message says why.',
    remedy: 'Settle what the message names, then create another ShardRebalance.',
  },
  NotRebalancing: {
    on: ['Rebalancing=False'],
    meaning: 'No slot is moving.',
    remedy: NOTHING,
  },
  NotBlocked: {
    on: ['FailoverBlocked=False'],
    meaning: 'Nothing stands in the way of a promotion.',
    remedy: NOTHING,
  },
  Suspended: {
    on: [
      'Ready=Unknown',
      'Available=Unknown',
      'Progressing=False',
      'Degraded=Unknown',
      'FailoverBlocked=True',
    ],
    meaning: '`spec.suspend` is set: the operator changes nothing, repairs nothing and promotes nothing.',
    remedy: 'Set `spec.suspend` to false when you are done.',
  },
  Hibernating: {
    on: ['Progressing=True'],
    meaning: '`spec.hibernated` is set and the pods are being stopped.',
    remedy: NOTHING,
  },
  Hibernated: {
    on: ['Ready=False', 'Available=False', 'Progressing=False'],
    meaning: '`spec.hibernated` is set: all pods are stopped, volumes and credentials are kept.',
    remedy: 'Set `spec.hibernated` to false to start the cluster again.',
  },
  Deleting: {
    on: ['Ready=False', 'Available=False', 'Progressing=True'],
    meaning:
      'The ShardedCluster is being deleted, and its volumes are treated as `spec.deletionPolicy` says.',
    remedy: NOTHING,
  },
  InvalidSpec: {
    on: ['Ready=False', 'Progressing=False', 'Degraded=True'],
    meaning:
      'The stored object cannot be understood by this version of the operator; the message names the field. Nothing is changed until it is.',
    remedy: 'Correct the field named, or run the operator whose CRDs are installed.',
  },
  ConflictingObject: {
    on: ['Ready=False', 'Progressing=False', 'Degraded=True'],
    meaning: 'An object with a name the cluster needs belongs to somebody else; the message names it.',
    remedy: 'Delete or rename the object named, or give the ShardedCluster another name.',
  },
  ScalingInNotSupported: {
    on: ['Progressing=False', 'Degraded=True'],
    meaning:
      '`spec.shards` is lower than the number of shards that exist, and there are no keyspaces by which to know where else their data should be.',
    remedy: 'Set `spec.shards` back to the number named in the message.',
  },
  PrimaryWouldBeRemoved: {
    on: ['Progressing=False', 'Degraded=True'],
    meaning:
      '`spec.instances` is lower than it can be without removing the primary of a shard, so that shard keeps more instances.',
    remedy: 'Set `spec.instances` back, or make an instance with a lower number the primary first.',
  },
  StorageNotGrown: {
    on: ['Progressing=False', 'Degraded=True'],
    meaning:
      'A StatefulSet makes volumes of another size than `spec.storage.size` says, since it was taken over from a former ShardedCluster, ' +
      'or made when the size could still be changed. It is left as it is: growing volumes is not supported yet.',
    remedy:
      'With `deletionPolicy: Retain`, delete the ShardedCluster and create it again with the size named in the message; the volumes stay.',
  },
  ShardMapMissing: {
    on: ['Ready=False', 'Progressing=False', 'Degraded=True'],
    meaning:
      'The ShardMap was lost, and members and databases do not tell all that stood in it: who leads a shard, or which shard has a slot. Nothing is changed, since a guess could lose writes.',
    remedy:
      'What the message says: bring instances back that are not heard; name the shard of a slot by an annotation; or restore the ShardMap. `kubectl shardwright report` shows what is known.',
  },
  FormerClusterRemaining: {
    on: ['Ready=False', 'Available=False', 'Progressing=True'],
    meaning:
      'Objects of a deleted ShardedCluster of the same name are still being removed; the message names one.',
    remedy: 'Nothing to do, unless it lasts: then look for finalizers on the object named.',
  },
  RestartPending: {
    on: ['Progressing=True'],
    meaning:
      'Pods still run with former settings. They are restarted one at a time, while their shard is healthy: replicas first, then the primary, which hands over before it stops. The message names them, and what is waited for.',
    remedy: 'Nothing to do, unless it lasts: then settle what the message names.',
  },
  AckersUnreachable: {
    on: ['FailoverBlocked=True'],
    meaning:
      'Members that may hold acknowledged writes do not answer, so nobody can tell that another has all of them; the message names them.',
    remedy:
      'Bring one of the members named, or the former primary, back. If they are lost for good, the message has the command that promotes another all the same, and what it may cost.',
  },
  PositionsDiverged: {
    on: ['FailoverBlocked=True'],
    meaning:
      'Members of a shard hold transactions that others lack and the other way round, so that any choice drops some; the message names them.',
    remedy:
      'Decide which member to keep; the message has the command that promotes it. The others are cloned anew.',
  },
  NoCandidate: {
    on: ['FailoverBlocked=True'],
    meaning:
      'No member answers that has a complete copy of the data and could be promoted; the message names them.',
    remedy: 'Bring one of the members named back: look at their pods, nodes and volumes.',
  },
  PrimaryNotProvenDead: {
    on: ['FailoverBlocked=True'],
    meaning:
      'The primary is not heard of, and nobody else confirms that it is out of reach: the fault may be on the side of the operator. Applications may still reach it.',
    remedy: 'Look at the network between the operator and the nodes of the pods named.',
  },
  PrimaryCannotApply: {
    on: ['FailoverBlocked=True'],
    meaning:
      'An instance was elected, cannot apply what it has received, and so does not open; and nobody is known to hold everything that was acknowledged who could take its place. The message says why, and who is missing.',
    remedy:
      'Bring the former primary, or one of the members named, back: whoever has everything is promoted by itself. Or remove what keeps the instance from applying. If neither is possible, the message has the command that promotes another all the same.',
  },
  PromotedRecently: {
    on: ['FailoverBlocked=True'],
    meaning:
      'The last promotion of the shard is less than `spec.failover.minSecondsBetween` ago, and the primary is not proven dead.',
    remedy: 'Wait, or do as the message says if the primary is lost.',
  },
  DelayNotOver: {
    on: ['FailoverBlocked=True'],
    meaning: 'The primary is lost, and `spec.failover.delaySeconds` are not over yet.',
    remedy: NOTHING,
  },
  PrimaryVolumeEmpty: {
    on: ['Progressing=False', 'Degraded=True'],
    meaning:
      'The volume of a primary is empty though its shard has data; the message names it. The server stays down, since an empty primary would take the place of the data.',
    remedy: 'Put the volume back. Its replicas have the data and keep it.',
  },
  VolumeUnusable: {
    on: ['Progressing=False', 'Degraded=True'],
    meaning:
      'The volume of an instance holds files that are not ours, or of another version of the database; the message names it. It is left alone.',
    remedy:
      'Do as the message says; a replica that is not needed as it is: delete its PersistentVolumeClaim and its pod, and it is cloned anew.',
  },
  VolumeNearlyFull: {
    on: ['Progressing=False', 'Degraded=True'],
    meaning:
      'The volume of an instance is nearly full; the message says how full. Data is never deleted to make room.',
    remedy: 'Delete what you no longer need from the database, or move to a cluster with larger volumes.',
  },
  ReplicationBroken: {
    on: ['Progressing=False', 'Degraded=True'],
    meaning:
      'A replica cannot follow its primary, or apply a change of it; the message has the error of the server. After half a minute it is cloned anew by itself, where nothing could be lost by that.',
    remedy:
      'Nothing to do, unless it lasts: then delete the PersistentVolumeClaim and the pod of the replica named, and it is cloned anew.',
  },
  ServerDoesNotStart: {
    on: ['Progressing=False', 'Degraded=True'],
    meaning:
      'The server of an instance was started several times and never answered; the message names it. It is tried again, ever more slowly.',
    remedy:
      'Look at the log of the container `mariadb` of the pod named: often a setting in `spec.config`, too little memory, or a volume that is full or damaged. A replica whose volume is damaged: delete its PersistentVolumeClaim and its pod, and it is cloned anew.',
  },
  AccountsNotSet: {
    on: ['Progressing=False', 'Degraded=True'],
    meaning: 'An agent cannot read the Secrets of the database’s accounts, so they are not set.',
    remedy: 'Look whether the Secrets of the cluster exist and have all their keys.',
  },
  DatabasesNotSet: {
    on: ['Progressing=False', 'Degraded=True'],
    meaning:
      'A primary could not make the databases of slots that the ShardMap gives its shard, or give users rights on them; the message has the error of the server. It is tried again.',
    remedy: 'If it lasts, settle what the message names.',
  },
  UserSecretMissing: {
    on: ['Progressing=False', 'Degraded=True'],
    meaning:
      'The Secret of a user in `spec.users`, or its key, is missing or empty; the message names it. A user that exists keeps its former password; one that does not is made when the Secret is there.',
    remedy: 'Create the Secret named, with the key named.',
  },
  UserNotSet: {
    on: ['Progressing=False', 'Degraded=True'],
    meaning:
      'A user could not be set on a shard: a user of that name was made by somebody else, which is left alone, or the server refused it; the message says which.',
    remedy: 'Do as the message says; it is tried again.',
  },
  MakingDatabases: {
    on: ['Ready=False', 'Progressing=True'],
    meaning:
      'The primaries are making the databases of the slots of `spec.keyspaces`, for the first time; the message names the shards. Applications that connect meanwhile find none of their tables.',
    remedy:
      'Wait some seconds. If it stays so, the log of the container `agent` of the primary says what the server refused.',
  },
  RoutersNotReady: {
    on: ['Ready=False', 'Progressing=True', 'Degraded=True'],
    meaning:
      'Fewer routers are ready than `spec.router.replicas` asks for; the message says how many. With none, applications cannot connect to the Service of the cluster.',
    remedy:
      'Run `kubectl describe pod` on a pod of the Deployment named, and look at its log. The Secret of `spec.tls.serverCertificateSecretRef`, where it is set, has to be there before they start.',
  },
  ShardsWithoutSlots: {
    on: ['Rebalancing=False'],
    meaning:
      'Shards hold no slots; the message names them. Once all shards are ready a ShardRebalance moves slots to them, unless one for this number of shards was cancelled or has failed, or every keyspace has fewer slots than there are shards.',
    remedy:
      'Nothing to do; after a cancelled or failed rebalance, create another ShardRebalance. Where there are fewer slots than shards, move or split slots, or have fewer shards.',
  },
  OneReplicaOnly: {
    on: ['FailoverBlocked=False'],
    meaning:
      'Nothing stands in the way of a promotion. With two instances and `NoDataLoss`, writes stop while the one replica is away, since each must reach it.',
    remedy: 'Set `spec.instances` to 3 for writes that go on through the loss of any one instance.',
  },
  SingleInstance: {
    on: ['FailoverBlocked=False'],
    meaning: 'There is one instance, so there is nobody to promote: it is restarted in place.',
    remedy: 'Set `spec.instances` to 3 for a cluster that survives the loss of an instance.',
  },
  ReconcileFailed: {
    on: ['Ready=False', 'Progressing=True', 'Degraded=True'],
    meaning:
      'The last attempt to bring objects in line with the spec failed; it is tried again. The message says why.',
    remedy:
      'If it lasts, correct what the message names: often a permission, a quota or an admission policy.',
  },
} as const satisfies Record<string, ReasonDocumentation>;

/** Why a condition is as it is. */
export type Reason = keyof typeof REASONS;
