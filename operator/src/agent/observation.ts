import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { MemberState, SourceAddress } from '../engines/member-state.ts';
import type { VolumeState } from '../engines/member-files.ts';
import type { ServerState } from './protocol/agent-state.ts';
import type { MapMoves } from './moves/map-moves.ts';
import type { ReturnFacts } from './return-facts.ts';
import type { WantedDatabases } from './wanted-databases.ts';

/** The agent's view of its shard's entry in the ShardMap. */
export type ShardView =
  /** Never read since this process started. */
  | { readonly kind: 'unreadable'; readonly reason: string }
  /** Read, and the shard is not in it. */
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'known';
      readonly shard: ShardMapShard;
      /** The databases of keyspaces that belong on the shard; absent where there are no keyspaces. */
      readonly databases?: WantedDatabases;
      /** The moves that the shard has a part in; absent where there are none. */
      readonly moves?: MapMoves;
    };

/** An order of the operator that outlasts its command: what it ended must not be begun again. */
export interface StandDown {
  /** Epoch the command was decided in. */
  readonly epoch: number;
  /** Primary that the map named when the command came, in `mapEpoch`. */
  readonly primary: string | null;
  readonly mapEpoch: number;
}

/** Everything the agent decides by: one look at everything it is responsible for. */
export interface Observation {
  readonly pod: string;
  readonly shard: ShardView;
  readonly server: ServerState;
  /** For how long this agent has seen no server run. */
  readonly downMilliseconds: number;
  /** The container is being stopped. */
  readonly terminating: boolean;
  /** Null until it was looked at. */
  readonly volume: VolumeState | null;
  /** Version the container's server has, as `major.minor`; what a volume must have been made by. */
  readonly engineVersion: string;
  readonly hasSession: boolean;
  /** How often this agent has started the server since it has last answered. */
  readonly startsInVain: number;
  /** The session's last look at the server; null before the first. */
  readonly member: MemberState | null;
  /** Whether this session has applied what the server had received before it started. */
  readonly salvaged: boolean;
  /** Whether this session has set the accounts as their Secrets now say; null while those cannot be read. */
  readonly accountsCurrent: boolean | null;
  /** Digest of the databases that this session has made; empty before the first time. */
  readonly madeDatabases: string;
  /** Whether this session has set the users as the operator last said; true before it has said anything. */
  readonly usersCurrent: boolean;
  /** Whether the server uses the certificates that are mounted now. */
  readonly certificatesCurrent: boolean;
  /** Whether it is time to look for logs of changes that nobody needs. */
  readonly retentionDue: boolean;
  /** Whether this replica has long been unable to connect, perhaps because its password is not the present one. */
  readonly passwordSuspected: boolean;
  /** Where the recorded primary's server is reached; null without one. */
  readonly primaryAddress: SourceAddress | null;
  readonly standDown: StandDown | null;
  /** Epoch for which the operator has had this member made ready to lead; null for none. */
  readonly preparedFor: number | null;
  /** The operator says that nobody else takes over from this primary, which need not wait for that. */
  readonly restartOrdered: boolean;
  /** How this member's history relates to the recorded primary's; null where it is the primary, or there is none. */
  readonly returning: ReturnFacts | null;
  /** A switchover keeps the server closed for writes. */
  readonly heldClosed: boolean;
  /** A primary that a switchover has closed is about to be told to step down; see `OperatorCommands.isToStepDown`. */
  readonly toStepDown: boolean;
  /** The watch has brought this term within the last moment: clients wait. */
  readonly isNewTerm: boolean;
}
