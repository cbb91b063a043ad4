/** What an agent is made of, besides its loop. */
import { ActionRunner } from './action-runner.ts';
import { follow, replicationAccount } from './actions.ts';
import { ContactGuard } from './contact-guard.ts';
import type { CompleteLaunch } from './launch-plan.ts';
import { MemberObserver, type MemberObserverOptions } from './member-observer.ts';
import { MisdirectedClients, undirectedAccounts } from './misdirected-clients.ts';
import { OperatorCommands } from './operator-commands.ts';
import { readProcessorTime } from './processor-time.ts';
import type { AgentState } from './protocol/agent-state.ts';
import { ShardMoves, type ShardMovesOptions } from './moves/shard-moves.ts';
import { SizesWatch } from './moves/sizes-watch.ts';
import type { RequestClone } from './receive-clone.ts';
import { type FetchFrame, ReplicaWitness, type ReplicaWitnessOptions } from './replica-witness.ts';
import { createServerLoadMeter, type ServerLoadMeter } from './server-load.ts';
import { ServerProbe } from './server-probe.ts';
import { tellHoldings } from './told-holdings.ts';
import { Urgency } from './urgency.ts';
import type { WantedDatabases } from './wanted-databases.ts';

export interface AgentOptions extends Omit<MemberObserverOptions, 'onNews' | 'onAcknowledged'> {
  readonly version: string;
  readonly completeLaunch: CompleteLaunch;
  readonly requestClone: RequestClone;
  readonly fetchFrame: FetchFrame;
  /** Pod that is being given a clone; null for none. */
  readonly servedPod: () => string | null;
  readonly onState: (state: AgentState) => void;
  /** Called when the operator's order to receive no more stands, see `Agent.refusedSource`. @default nothing */
  readonly onStandDown?: () => Promise<void>;
  /** Where a server of any shard is reached, and what the agent beside it tells. */
  readonly members: Pick<ShardMovesOptions, 'address' | 'fetchState'>;
  /** @default the system's */
  readonly processorTime?: (pid: number) => Promise<number | null>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The parts. */
export interface AgentParts {
  readonly observer: MemberObserver;
  readonly runner: ActionRunner;
  readonly commands: OperatorCommands;
  readonly urgency: Urgency;
  readonly guard: ContactGuard;
  readonly probe: ServerProbe;
  readonly load: ServerLoadMeter;
  readonly moves: ShardMoves;
  readonly sizes: SizesWatch;
  readonly misdirected: MisdirectedClients;
}

/** What the parts ask of the loop. */
export interface AgentHooks {
  /** Have the next pass made at once. */
  readonly wake: () => void;
  /** Tell the state as it now is. */
  readonly publish: () => void;
}

/** Puts an agent together; nothing of it runs yet. */
export function assembleParts(options: AgentOptions, { wake, publish }: AgentHooks): AgentParts {
  const { launcher, files, peers, clock, logger, random } = options;
  const observer = new MemberObserver({
    ...options,
    onNews: wake,
    onAcknowledged: (at) => guard.heardReplica(at),
  });
  const { session } = observer;
  const witness = new ReplicaWitness({
    electorate: () => electorateOf(options),
    ownServer: () => peers.server(options.place.pod),
    fetchFrame: options.fetchFrame,
    clock,
    logger,
    onReceiving: (at) => guard.heardReplica(at),
  });
  const guard = new ContactGuard({
    session,
    launcher,
    onSilence: (signal) => witness.ask(signal),
    fenceSeconds: () => files.settings().fenceSeconds,
    clock,
    logger,
  });
  const probe = new ServerProbe({
    session,
    server: () => launcher.status()?.server ?? null,
    processorTime: options.processorTime ?? readProcessorTime,
    onChange: publish,
    clock,
  });
  const load = createServerLoadMeter({
    pid: () => launcher.status()?.server?.pid ?? null,
    processorTime: options.processorTime ?? readProcessorTime,
    clock,
  });
  const moves = new ShardMoves({
    ...options.members,
    shard: options.place.shard,
    pod: options.place.pod,
    shardMap: options.shardMap,
    session,
    account: () => replicationAccount(files.accounts()),
    usage: () => observer.volume.usage,
    onChange: publish,
    clock,
    logger,
    random,
  });
  const databases = (): WantedDatabases | null => {
    const view = options.shardMap.view();
    return (view.kind === 'known' ? view.databases : undefined) ?? null;
  };
  const sizes = new SizesWatch({ session, databases, onChange: publish, clock, logger });
  const runner = new ActionRunner({
    context: {
      member: options.member,
      launcher,
      completeLaunch: options.completeLaunch,
      files,
      requestClone: options.requestClone,
      clock,
      logger,
      session,
      volume: observer.volume,
      returns: observer.returns,
      volumePath: options.volumePath,
      measure: options.measureVolume,
      serverAddress: (pod) => peers.server(pod),
      retentionRule: () => observer.retentionRule(),
      databases() {
        const order = databases();
        return order && { ...order, untouched: [...order.untouched, ...moves.pendingRights()] };
      },
      usersOrder: () => commands.usersOrder,
    },
    onActivity: publish,
    onEnded: wake,
    clock,
    logger,
    random,
  });
  const misdirected = new MisdirectedClients({
    session,
    besides: () => undirectedAccounts(files.accounts(), commands.usersOrder),
    clock,
  });
  const commands: OperatorCommands = new OperatorCommands({
    onSteppedDown: () => misdirected.begin(),
    shardMap: options.shardMap,
    launcher,
    session,
    runner,
    onStandDown: options.onStandDown,
    follow: (pod, signal) =>
      follow({ session, files, serverAddress: (name) => peers.server(name) }, pod, signal),
    readHoldings: (signal) => tellHoldings({ shardMap: options.shardMap, moves, runner, session }, signal),
    quietHeartbeat: () => observer.heartbeat.whenWritten(),
    onEnded() {
      observer.noteOrder();
      wake();
    },
    clock,
  });
  return {
    observer,
    runner,
    commands,
    urgency: new Urgency(clock),
    guard,
    probe,
    load,
    moves,
    sizes,
    misdirected,
  };
}

/** The others of this shard whose acknowledgement counts, as the map was last seen. */
function electorateOf({ shardMap, place }: AgentOptions): ReturnType<ReplicaWitnessOptions['electorate']> {
  const view = shardMap.view();
  return view.kind === 'known'
    ? { epoch: view.shard.epoch, ackers: view.shard.ackers.filter((pod) => pod !== place.pod) }
    : { epoch: 0, ackers: [] };
}
