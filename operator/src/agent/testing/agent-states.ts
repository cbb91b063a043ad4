import type { Lineage, Position } from '../../engines/position.ts';
import type { AgentState } from '../protocol/agent-state.ts';
import { NOTHING_RETURNED } from '../protocol/return-state.ts';

/** A replica at work, as its agent would tell; `change` makes it what a test needs. */
export function replicaState(change: Partial<AgentState> = {}): AgentState {
  const position = '0-1-42' as Position;
  return {
    identity: { namespace: 'shop', cluster: 'demo', shard: 0, pod: 'demo-shard-0-1', podUid: 'uid-1' },
    agentId: 'agent-1',
    agentVersion: '0.1.0',
    epoch: 3,
    server: { kind: 'running', pid: 7, epoch: 3, role: 'replica', startedAt: 1000 },
    unresponsive: null,
    unseenMilliseconds: 0,
    cannotApply: false,
    couldNotApply: false,
    volume: { kind: 'ready', origin: 'clone', engineVersion: '11.8.6' },
    member: {
      observedAt: 2000,
      version: '11.8.6',
      uptimeSeconds: 60,
      role: {
        kind: 'replica',
        following: {
          source: { host: 'demo-shard-0-0.demo-shard-0.shop.svc', port: 3306 },
          receiving: { kind: 'connecting', error: { number: 2003, message: 'no route' } },
          applying: { kind: 'running' },
          secondsBehind: { kind: 'unknown', reason: 'it does not receive' },
          lagMilliseconds: { kind: 'known', value: 12 },
          bytesBehind: { kind: 'known', value: 0 },
          silentMilliseconds: { kind: 'known', value: 150 },
        },
      },
      writable: false,
      epoch: { kind: 'known', value: 3 },
      received: { kind: 'known', value: position },
      applied: position,
      lineage: '0-1-42' as Lineage,
      heartbeat: { kind: 'known', value: 1990 },
      acknowledgement: {
        rule: 'none',
        waiting: false,
        acknowledgers: 0,
        waitingSessions: 0,
        acknowledgedCommits: 0,
        unacknowledgedCommits: 0,
        acknowledges: true,
      },
      logBytes: { kind: 'known', value: 1024 },
      longestTransactionSeconds: { kind: 'unknown', reason: 'the server takes no writes' },
      runningThreads: { kind: 'known', value: 1 },
    },
    ownEnd: null,
    receivedEnd: null,
    activity: { kind: 'idle' },
    awaitingAcker: false,
    fitForReads: true,
    terminating: false,
    cloningTo: null,
    returned: NOTHING_RETURNED,
    users: null,
    databasesMade: true,
    moves: [],
    sizes: null,
    load: null,
    freeBytes: null,
    problems: [],
    ...change,
  };
}
