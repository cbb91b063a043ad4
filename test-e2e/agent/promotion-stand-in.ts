/** Promotes as the operator would, by two writes of the ShardMap; for tests of agents alone. */
import type { ShardMapShard } from '../../operator/src/api/v1alpha1/index.ts';
import type { AgentState } from '../../operator/src/agent/protocol/agent-state.ts';
import type { Position } from '../../operator/src/engines/position.ts';
import { mariadbEngine } from '../../operator/src/engines/mariadb/engine.ts';
import { systemClock } from '../../operator/src/runtime/clock.ts';
import {
  type AgentClient,
  createAgentClient,
} from '../../operator/src/supervisor/agent-client/agent-client.ts';
import { createStallMonitor } from '../../operator/src/supervisor/agent-client/stall-monitor.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import type { PlainClient } from '../specs/plain-client.ts';
import { createLeaderPing } from './leader-ping.ts';
import type { MemberProcesses } from './member-processes.ts';
import { changeShard, keepShardMap, readShard } from './operator-stand-in.ts';

/** When each step of a promotion was done, in milliseconds since it began. */
export interface PromotionPhases {
  /** The map names no primary. */
  readonly deposed: number;
  /** The last answer to the commands is there. */
  readonly stopped: number;
  /** The map names the winner. */
  readonly published: number;
  /** The winner's agent tells that it takes writes. */
  readonly writable: number;
}

/** The operator of one shard, as far as a failover needs it. */
export interface PromotionStandIn {
  /** The newest state that an agent has told; undefined before the first, and while there is no connection. */
  state(pod: string): AgentState | undefined;
  /** Resolves when the agent has told a state of that kind; polls every millisecond. */
  until(pod: string, what: string, is: (state: AgentState) => boolean): Promise<AgentState>;
  /** The first write alone: a primary that was given up is not started in place, however long the rest takes. */
  giveUp(former: string): Promise<void>;
  /**
   * Promotes whoever has received most of the others. `onPublished` is called once the winner is on record. A former primary
   * that was closed, and ends at `closedAt`, is told to step down; any other is killed.
   */
  promote(
    former: string,
    onPublished: (winner: string) => void,
    closedAt?: Position,
  ): Promise<PromotionPhases>;
  /** Has an agent close its server for a switchover; resolves with the end of its log. */
  closeWrites(pod: string, holdMilliseconds: number): Promise<Position>;
  /** Whether agents are told that a leader is there. */
  lead(isLeading: boolean): void;
  close(): Promise<void>;
}

/** For what takes less than a second on a machine that has nothing else to do: bounds for what hangs. */
const COMMAND_MILLISECONDS = 60_000;
/** Whoever has not killed its server by then is gone on without, as an operator does. */
const KILL_MILLISECONDS = 3000;
const STEP = { timeoutMilliseconds: 240_000, everyMilliseconds: 1 };
const KEEP_MILLISECONDS = 150;

/** Connects to the agents, and keeps the map as an operator does when nothing happens. */
export function createPromotionStandIn(
  client: PlainClient,
  members: readonly MemberProcesses[],
): PromotionStandIn {
  const stopping = new AbortController();
  const { signal } = stopping;
  const stallMonitor = createStallMonitor({ clock: systemClock });
  const clients = new Map(members.map((member) => [member.pod, connectTo(member, stallMonitor)]));
  const leader = createLeaderPing();
  let isPromoting = false;
  let isLeading = true;

  const clientOf = (pod: string): AgentClient => {
    const found = clients.get(pod);
    if (found === undefined) {
      throw new TypeError(`no member ${pod}`);
    }
    return found;
  };
  const state = (pod: string): AgentState | undefined => clientOf(pod).view().frame?.state;
  const until = (pod: string, what: string, is: (state: AgentState) => boolean): Promise<AgentState> =>
    waitFor(
      `${pod}: ${what}`,
      () => {
        const current = state(pod);
        return current !== undefined && is(current) ? current : undefined;
      },
      STEP,
    );

  const keep = async (): Promise<void> => {
    while (!signal.aborted) {
      if (!isPromoting) {
        await keepShardMap(client, members).catch(() => {});
      }
      await systemClock.sleep(KEEP_MILLISECONDS, signal).catch(() => {});
    }
  };
  const ping = async (): Promise<void> => {
    while (!signal.aborted) {
      if (isLeading) {
        await Promise.all(members.map((member) => leader.ping(member).catch(() => {})));
      }
      await systemClock.sleep(KEEP_MILLISECONDS, signal).catch(() => {});
    }
  };
  const running = Promise.all([
    keep(),
    ping(),
    stallMonitor.run(signal),
    ...[...clients.values()].map((each) => each.run(signal)),
  ]);

  return {
    state,
    until,
    async giveUp(former) {
      isPromoting = true;
      await changeShard(client, (shard) => depose(shard, former));
    },
    async promote(former, onPublished, closedAt) {
      const began = performance.now();
      const passed = (): number => performance.now() - began;
      isPromoting = true;
      try {
        const { epoch } = await changeShard(client, (shard) => depose(shard, former));
        const deposed = passed();
        const others = members.map(({ pod }) => pod).filter((pod) => pod !== former);
        const fencing =
          closedAt === undefined
            ? clientOf(former)
                .command({ command: 'killServer', epoch }, KILL_MILLISECONDS, signal)
                .catch(() => undefined)
            : clientOf(former).command(
                { command: 'stepDown', epoch, position: closedAt },
                COMMAND_MILLISECONDS,
                signal,
              );
        const positions = await Promise.all(
          others.map((pod) =>
            clientOf(pod).command({ command: 'stopReceiving', epoch }, COMMAND_MILLISECONDS, signal),
          ),
        );
        await fencing;
        const stopped = passed();
        const winner = others[furthest(positions.map(({ received }) => received))] ?? '';
        await changeShard(client, (shard) => crown(shard, winner));
        const published = passed();
        onPublished(winner);
        await until(winner, 'takes writes', ({ member }) => member?.writable === true);
        return { deposed, stopped, published, writable: passed() };
      } finally {
        isPromoting = false;
      }
    },
    async closeWrites(pod, holdMilliseconds) {
      const { epoch } = await readShard(client);
      const { position } = await clientOf(pod).command(
        { command: 'closeWrites', epoch, timeoutMilliseconds: COMMAND_MILLISECONDS, holdMilliseconds },
        COMMAND_MILLISECONDS + 1000,
        signal,
      );
      return position;
    },
    lead(should) {
      isLeading = should;
    },
    async close() {
      stopping.abort(new Error('the test is over'));
      leader.close();
      await running;
    },
  };
}

/** The first write, unless it was made. */
function depose(shard: ShardMapShard, former: string): ShardMapShard {
  if (shard.primary === null) {
    return shard;
  }
  return {
    ...shard,
    epoch: shard.epoch + 1,
    primary: null,
    replicas: [former, ...shard.replicas.filter((pod) => pod !== former)],
    formerPrimary: former,
  };
}

/** The second write. */
function crown({ formerPrimary, ...shard }: ShardMapShard, winner: string): ShardMapShard {
  return {
    ...shard,
    primary: winner,
    replicas: shard.replicas.filter((pod) => pod !== winner),
    ackers: shard.ackers.filter((pod) => pod !== winner && pod !== formerPrimary),
  };
}

function connectTo(
  { options, pod }: MemberProcesses,
  stallMonitor: ReturnType<typeof createStallMonitor>,
): AgentClient {
  const { agent, place, tls } = options;
  return createAgentClient({
    target: {
      namespace: place.namespace,
      cluster: place.cluster,
      pod,
      podUid: place.podUid,
      host: agent.host,
      port: agent.port,
      serverName: agent.serverName,
    },
    tls: { current: () => tls, onChange: () => () => {} },
    clock: systemClock,
    stallMonitor,
    random: Math.random,
  });
}

/** Index of the position that covers most. */
function furthest(positions: readonly Position[]): number {
  return positions.reduce(
    (best, position, index) =>
      mariadbEngine.positions.compare(position, positions[best] ?? position) === 'ahead' ? index : best,
    0,
  );
}
