/** What an agent is made of, besides its loop. */
import { ActionRunner } from './action-runner.ts';
import { follow } from './actions.ts';
import { ContactGuard } from './contact-guard.ts';
import type { CompleteLaunch } from './launch-plan.ts';
import { MemberObserver, type MemberObserverOptions } from './member-observer.ts';
import { OperatorCommands } from './operator-commands.ts';
import { readProcessorTime } from './processor-time.ts';
import type { AgentState } from './protocol/agent-state.ts';
import type { RequestClone } from './receive-clone.ts';
import { type FetchFrame, ReplicaWitness, type ReplicaWitnessOptions } from './replica-witness.ts';
import { ServerProbe } from './server-probe.ts';
import { Urgency } from './urgency.ts';

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
        const view = options.shardMap.view();
        return (view.kind === 'known' ? view.databases : undefined) ?? null;
      },
      usersOrder: () => commands.usersOrder,
    },
    onActivity: publish,
    onEnded: wake,
    clock,
    logger,
    random,
  });
  const commands: OperatorCommands = new OperatorCommands({
    shardMap: options.shardMap,
    launcher,
    session,
    runner,
    onStandDown: options.onStandDown,
    follow: (pod, signal) =>
      follow({ session, files, serverAddress: (name) => peers.server(name) }, pod, signal),
    quietHeartbeat: () => observer.heartbeat.whenWritten(),
    onEnded() {
      observer.noteOrder();
      wake();
    },
    clock,
  });
  return { observer, runner, commands, urgency: new Urgency(clock), guard, probe };
}

/** The others of this shard whose acknowledgement counts, as the map was last seen. */
function electorateOf({ shardMap, place }: AgentOptions): ReturnType<ReplicaWitnessOptions['electorate']> {
  const view = shardMap.view();
  return view.kind === 'known'
    ? { epoch: view.shard.epoch, ackers: view.shard.ackers.filter((pod) => pod !== place.pod) }
    : { epoch: 0, ackers: [] };
}
