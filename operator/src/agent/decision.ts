import type { Acknowledgement, BootOrder } from '../engines/boot.ts';
import type { Observation } from './observation.ts';
import type { AgentProblem } from './protocol/agent-state.ts';

/** What the agent waits for when there is nothing for it to do. */
export type WaitReason =
  | 'launcher'
  | 'shardMap'
  | 'membership'
  | 'primary'
  | 'database'
  | 'initialisedMark'
  | 'volume'
  | 'observation'
  | 'accounts'
  | 'acknowledger'
  | 'acker'
  | 'standDown'
  | 'failover'
  | 'switchover'
  | 'replication'
  /** Whether this member's history is the primary's, or for what its data can be given up. */
  | 'return'
  /** Nothing: all is as it should be. */
  | 'change';

/** The one thing the agent does next. */
export type Decision =
  | { readonly kind: 'wait'; readonly reason: WaitReason; readonly problem?: AgentProblem }
  /** Tell the launcher that the server is no longer needed. */
  | { readonly kind: 'release' }
  /** End a server that must not serve: it takes writes, or might, and another is the primary. */
  | { readonly kind: 'killServer' }
  /** Make the shard's empty database. */
  | { readonly kind: 'initialise' }
  /** Become a copy of the first of these pods that gives one. */
  | { readonly kind: 'clone'; readonly from: readonly string[] }
  | { readonly kind: 'start'; readonly order: BootOrder }
  | { readonly kind: 'connect' }
  | { readonly kind: 'salvage' }
  | { readonly kind: 'follow'; readonly primary: string }
  /** End following, once all that was received is applied, and open for writes once somebody acknowledges them. */
  | { readonly kind: 'promote'; readonly epoch: number; readonly acknowledgement: Acknowledgement }
  /** Keep, as a file, what the own log has and the primary of the epoch has not. */
  | { readonly kind: 'keepTail'; readonly epoch: number }
  /** End the server of a member that is to be made anew. */
  | { readonly kind: 'giveUp'; readonly reason: string }
  /** Set the data directory aside, or remove it, so that the member is cloned. */
  | { readonly kind: 'vacate'; readonly reason: string; readonly epoch: number }
  /** Set the accounts, and mark in the database that this was done. */
  | { readonly kind: 'prepareDatabase'; readonly epoch: number }
  | { readonly kind: 'ensureAccounts' }
  /** Make the databases of keyspaces that the map gives this shard; `digest` tells one set of them from the next. */
  | { readonly kind: 'ensureDatabases'; readonly digest: string }
  /** Set the users as the operator last said. */
  | { readonly kind: 'ensureUsers' }
  | { readonly kind: 'setAcknowledgement'; readonly rule: Acknowledgement }
  /** `awaitsReplica`: as soon as one is connected that acknowledges, which is about to be. */
  | { readonly kind: 'openWrites'; readonly epoch: number; readonly awaitsReplica?: true }
  | { readonly kind: 'closeWrites' }
  | { readonly kind: 'reloadCertificates' }
  | { readonly kind: 'applyRetention' };

export type DecisionKind = Decision['kind'];

/** What is done, as opposed to waited for. */
export type Action = Exclude<Decision, { kind: 'wait' }>;

/**
 * Actions that rest on the ShardMap and cannot be undone, or would put a server back to work: the map is read
 * anew, from the API server itself, before each. Where it cannot be read, they are not taken.
 */
const CONFIRMED: ReadonlySet<DecisionKind> = new Set<DecisionKind>([
  'initialise',
  'clone',
  'start',
  'follow',
  'promote',
  'giveUp',
  'vacate',
  'openWrites',
  'setAcknowledgement',
  'ensureDatabases',
]);

/** Whether an action needs the map of this very moment. */
export function needsConfirmation(decision: Decision): boolean {
  return CONFIRMED.has(decision.kind);
}

/**
 * Of these, what a map asks for that names the winner of another epoch, and that the watch has just brought. Reading it
 * anew takes as long as all the rest. It is safe without: had yet another promotion begun, this member would have been
 * ordered to stand down, or its word does not count there. And what a winner does first opens nothing; to open, its epoch
 * has to be acknowledged, by somebody who follows it, whom the other promotion would have stopped.
 */
const NEED_NOT_WAIT: ReadonlySet<DecisionKind> = new Set<DecisionKind>(['follow', 'promote']);

/** Whether an action may be taken by a map that the watch has just brought. */
export function trustsNews(decision: Decision, { preparedFor, member }: Observation): boolean {
  if (decision.kind === 'openWrites') {
    return preparedFor === decision.epoch && member?.acknowledgement.rule === 'oneReplica';
  }
  return NEED_NOT_WAIT.has(decision.kind);
}

/** Whether two decisions are to do the same. */
export function isSameDecision(left: Decision, right: Decision): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
