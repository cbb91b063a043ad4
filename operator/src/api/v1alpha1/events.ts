/** Reasons of the events the operator records. Closed and stable: alerts match on them. */

interface EventDocumentation {
  readonly type: 'Normal' | 'Warning';
  readonly meaning: string;
  /** What the user does about it. */
  readonly remedy: string;
}

const NOTHING = 'Nothing to do.';

/** Every event reason. */
export const EVENT_REASONS = {
  ShardCreated: { type: 'Normal', meaning: 'The objects of a shard were created.', remedy: NOTHING },
  ShardRemoved: {
    type: 'Normal',
    meaning:
      '`spec.shards` was lowered, and a shard that held nothing any more was removed. Its volumes are treated as `spec.deletionPolicy` says.',
    remedy: 'Delete the PersistentVolumeClaims when you no longer need them, where they were kept.',
  },
  ShardMapRebuilt: {
    type: 'Warning',
    meaning:
      'The ShardMap was lost, and was made again from what the members and databases of all shards tell, or from the status. The note says from what.',
    remedy:
      'Find out who deletes ShardMaps. `kubectl shardwright report` shows that every row is where it belongs.',
  },
  ObjectRepaired: {
    type: 'Normal',
    meaning: 'An object of the cluster had been deleted or edited by hand and was put back.',
    remedy: 'Change the ShardedCluster instead of the objects it owns.',
  },
  ClusterReady: { type: 'Normal', meaning: 'The cluster became ready.', remedy: NOTHING },
  ClusterDegraded: {
    type: 'Warning',
    meaning: 'The cluster is no longer ready; the note says why.',
    remedy: 'Look at the conditions of the ShardedCluster.',
  },
  ObjectConflict: {
    type: 'Warning',
    meaning: 'An object with a name the cluster needs belongs to somebody else.',
    remedy: 'Delete or rename the object named, or give the ShardedCluster another name.',
  },
  InvalidSpec: {
    type: 'Warning',
    meaning: 'The stored object cannot be understood by this version of the operator.',
    remedy: 'Correct the field named, or run the operator whose CRDs are installed.',
  },
  ReconcileFailed: {
    type: 'Warning',
    meaning: 'Bringing objects in line with the spec failed and is tried again.',
    remedy: 'If it lasts, correct what the note names.',
  },
  Suspended: {
    type: 'Normal',
    meaning: 'The operator keeps its hands off the cluster.',
    remedy: 'Set `spec.suspend` to false when you are done.',
  },
  Resumed: { type: 'Normal', meaning: 'The operator takes care of the cluster again.', remedy: NOTHING },
  Hibernated: {
    type: 'Normal',
    meaning: 'All pods were stopped; volumes are kept.',
    remedy: 'Set `spec.hibernated` to false to start again.',
  },
  WokenUp: { type: 'Normal', meaning: 'Pods are started again after hibernation.', remedy: NOTHING },
  ReplicaCloned: {
    type: 'Normal',
    meaning: 'A new replica was made as a copy of another instance.',
    remedy: NOTHING,
  },
  ReplicaRecloned: {
    type: 'Normal',
    meaning:
      'A replica whose volume was empty or unusable, or that could not follow its primary, was made anew as a copy of another instance.',
    remedy:
      'If the note names no reason and nobody removed its volume, look at the node and its disks. Former data that is kept may be deleted.',
  },
  ChangesKept: {
    type: 'Warning',
    meaning:
      'A former primary came back with changes that its successor does not have. Nobody was told that they are safe, unless a promotion accepted loss. They are in the file named, on its volume.',
    remedy:
      'Read the file with `mariadb-binlog --verbose` if you want to know them; delete it when you do not.',
  },
  PrimaryVolumeEmpty: {
    type: 'Warning',
    meaning: 'The volume of a primary is empty though its shard has data; its server stays down.',
    remedy: 'Put the volume back. Its replicas have the data and keep it.',
  },
  VolumeNearlyFull: {
    type: 'Warning',
    meaning: 'The volume of an instance is nearly full.',
    remedy: 'Delete what you no longer need from the database, or move to a cluster with larger volumes.',
  },
  ReplicationBroken: {
    type: 'Warning',
    meaning: 'A replica cannot follow its primary, or apply a change of it.',
    remedy:
      'Nothing: it is cloned anew by itself while another replica acknowledges. Otherwise delete its PersistentVolumeClaim and its pod.',
  },
  PrimaryLost: {
    type: 'Warning',
    meaning: 'The primary of a shard was found dead, hung or out of reach, and another instance is promoted.',
    remedy: 'Nothing to do for the data; look for the cause at the pod and the node named.',
  },
  Promoted: {
    type: 'Normal',
    meaning: 'A replica took over from a failed primary; the note says how long each part took.',
    remedy: NOTHING,
  },
  PromotedWithLoss: {
    type: 'Warning',
    meaning:
      'A replica took over though acknowledged writes may be missing, by `spec.failover.policy: Availability` or by a person’s word; the note says what may be missing.',
    remedy:
      'Compare with what your applications know; files kept by the former primary have its last writes.',
  },
  SwitchedOver: {
    type: 'Normal',
    meaning: 'A replica took over from the primary as planned.',
    remedy: NOTHING,
  },
  SwitchoverRefused: {
    type: 'Warning',
    meaning: 'A planned change of the primary was not begun; the note says why.',
    remedy: 'Settle what the note names, and ask again with another token.',
  },
  SwitchoverUndone: {
    type: 'Warning',
    meaning: 'A planned change of the primary could not be completed; the primary is as before.',
    remedy: 'Settle what the note names, and ask again with another token.',
  },
  FailoverBlocked: {
    type: 'Warning',
    meaning: 'A primary is lost and nobody is promoted; the note says why, and what a person can do.',
    remedy: 'Do as the note says.',
  },
  InstanceRestarted: {
    type: 'Normal',
    meaning: 'A pod was restarted so that it runs with the settings of now.',
    remedy: NOTHING,
  },
  ReplicaMoved: {
    type: 'Warning',
    meaning:
      'A replica whose node or volume is gone for good lost its PersistentVolumeClaim and its pod, and is cloned anew elsewhere.',
    remedy: NOTHING,
  },
  RouterUnreachable: {
    type: 'Warning',
    meaning:
      'A router has not answered the operator for four seconds while others did, as when its node is lost. Its pod was marked as not ready, so that new connections are led to the others at once.',
    remedy:
      'Look at the node named. Its kubelet corrects the mark when it is back, or where it never was away.',
  },
  KeyspaceCreated: {
    type: 'Normal',
    meaning: 'A keyspace was recorded in the ShardMap; the note says where its slots are.',
    remedy: NOTHING,
  },
  RebalancePlanned: {
    type: 'Normal',
    meaning: 'A ShardRebalance has a plan; the note says what moves.',
    remedy: 'Nothing to do, unless the plan waits for `spec.approved`.',
  },
  RebalanceApproved: { type: 'Normal', meaning: 'A plan is carried out.', remedy: NOTHING },
  RebalanceHeld: {
    type: 'Warning',
    meaning: 'Moves do not go on; the note says why. Data is served as before.',
    remedy: 'Do as the note says.',
  },
  RebalanceResumed: { type: 'Normal', meaning: 'Moves that were held go on.', remedy: NOTHING },
  SplitBegun: {
    type: 'Normal',
    meaning:
      'A slot has grown over a threshold of `spec.keyspaces[].split`, and a ShardRebalance was made that splits it; the note says at which key.',
    remedy: 'Nothing to do, unless the plan waits for `spec.approved`.',
  },
  SplitNotPossible: {
    type: 'Warning',
    meaning:
      'A slot has grown over a threshold of `spec.keyspaces[].split`, and cannot be split by itself; the note says why. It is tried again every ten minutes.',
    remedy: 'Settle what the note names, raise the threshold, or split by hand at a key of your choice.',
  },
  SlotSplit: {
    type: 'Normal',
    meaning: 'Two slots have taken the place of one; the note says how long statements waited.',
    remedy: NOTHING,
  },
  SlotMoved: {
    type: 'Normal',
    meaning: 'A slot, or what else moves, has another owner; the note says how long statements waited.',
    remedy: NOTHING,
  },
  SlotReturned: {
    type: 'Normal',
    meaning: 'A slot that had moved went back to its former owner, with everything written since.',
    remedy: NOTHING,
  },
  CutOverUndone: {
    type: 'Warning',
    meaning: 'A cut-over did not come about in time and was undone; the note says what was in the way.',
    remedy: 'Nothing to do: it is tried again. If it repeats, settle what the note names.',
  },
  MoveUndone: {
    type: 'Normal',
    meaning:
      'A move was given up before its cut-over: the rows stay where they are, and their copy is removed.',
    remedy: NOTHING,
  },
  MoveFailed: {
    type: 'Warning',
    meaning:
      'A move cannot be carried out and is undone; the note says why. No further move of its rebalance begins.',
    remedy: 'Settle what the note names, then create another ShardRebalance.',
  },
  RebalanceSoaking: {
    type: 'Normal',
    meaning:
      'Everything is where it is to be, and can still be rolled back without loss until the soak time ends.',
    remedy: 'Nothing to do, or set `spec.rollback` of the ShardRebalance.',
  },
  RebalanceCompleted: {
    type: 'Normal',
    meaning: 'Everything is where the plan says, and nothing is left where it was.',
    remedy: NOTHING,
  },
  RebalanceCancelled: {
    type: 'Normal',
    meaning: 'A rebalance was cancelled: what had not been cut over is where it was.',
    remedy: NOTHING,
  },
  RebalanceRolledBack: {
    type: 'Normal',
    meaning: 'A rebalance was rolled back, as far as soak times had not ended; the note says how far.',
    remedy: NOTHING,
  },
  RebalanceFailed: {
    type: 'Warning',
    meaning: 'A rebalance has ended before its plan was carried out; the note says why.',
    remedy: 'Settle what the note names, then create another ShardRebalance.',
  },
  ShardsWithoutSlots: {
    type: 'Normal',
    meaning:
      'Shards hold no slots; the note names them, and says whether slots will move to them by themselves.',
    remedy:
      'Nothing to do, unless there are fewer slots than shards: then move or split slots, or have fewer shards.',
  },
  UserSecretMissing: {
    type: 'Warning',
    meaning: 'The Secret of a user in `spec.users`, or its key, is missing or empty.',
    remedy: 'Create the Secret named, with the key named.',
  },
  UserNotSet: {
    type: 'Warning',
    meaning: 'A user could not be set on a shard; the note says why.',
    remedy: 'Do as the note says; it is tried again.',
  },
  VolumesRetained: {
    type: 'Normal',
    meaning: 'The cluster was deleted and its volumes were kept.',
    remedy: 'Delete the PersistentVolumeClaims when you no longer need the data.',
  },
  VolumesDeleted: {
    type: 'Normal',
    meaning: 'The cluster was deleted, and its volumes with it, as `spec.deletionPolicy: Delete` says.',
    remedy: NOTHING,
  },
} as const satisfies Record<string, EventDocumentation>;

/** Reason of an event. */
export type EventReason = keyof typeof EVENT_REASONS;
