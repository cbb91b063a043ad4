/** What can happen to whoever takes part in a move. */
import type { ShardMapMove } from '../../operator/src/api/v1alpha1/index.ts';
import type { MovesStage } from './moves-stage.ts';

/** Something that breaks, and is mended by whoever mends it in a cluster. */
export interface MoveFault {
  readonly name: string;
  /** Whether a client of the router may see it, since a server it talks to is gone. */
  readonly isSeenByClients: boolean;
  strike(stage: MovesStage, move: ShardMapMove): Promise<void>;
}

export const MOVE_FAULTS: readonly MoveFault[] = [
  {
    name: 'the agent of the receiving primary is killed',
    isSeenByClients: false,
    strike: (stage, { to }) => stage.killAgent(stage.requirePrimary(to)),
  },
  {
    name: 'the agent of the giving primary is killed',
    isSeenByClients: false,
    strike: (stage, { from }) => stage.killAgent(stage.requirePrimary(from)),
  },
  {
    name: 'the operator is killed',
    isSeenByClients: false,
    strike: (stage) => stage.killOperator(),
  },
  {
    name: 'the replica that is copied from is killed',
    isSeenByClients: false,
    strike: (stage, { from }) => stage.killServer(stage.requireReplica(from)),
  },
  {
    name: 'the router is killed',
    isSeenByClients: true,
    strike: (stage) => stage.killRouter(),
  },
  {
    name: 'the receiving primary is killed',
    isSeenByClients: true,
    strike: (stage, { to }) => stage.killServer(stage.requirePrimary(to)),
  },
  {
    name: 'the giving primary is killed',
    isSeenByClients: true,
    strike: (stage, { from }) => stage.killServer(stage.requirePrimary(from)),
  },
];
