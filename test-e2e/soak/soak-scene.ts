import type { CheckedLoad } from '../moves/checked-load.ts';
import type { MoveTrouble } from '../moves/moves-story.ts';
import type { MovesStage, MovesStageOptions } from '../moves/moves-stage.ts';
import type { RoundResult } from './round-result.ts';

/** What an act itself has counted. */
export type RoundFigures = Pick<RoundResult, 'slotsMoved' | 'slotsAtLeast' | 'longestSwitch' | 'updates'>;

/** One thing that happens in a soak run. */
export interface SoakAct {
  readonly name: string;
  /** Whether a client of the router may see it. */
  readonly isSeenByClients: boolean;
  /** What happens on the way; absent where `name` says all of it. */
  readonly trouble?: MoveTrouble | undefined;
  /** Ends with everything where it belongs, or rejects, which is a broken promise. */
  run(stage: MovesStage, load: CheckedLoad): Promise<RoundFigures | void>;
}

/** What a piece is made of, beside the load that every piece has. */
export interface SoakScene {
  readonly stage: MovesStageOptions;
  readonly acts: readonly SoakAct[];
  /** Makes what the acts need. */
  prepare?(stage: MovesStage): Promise<void>;
  /** What is wrong in the end, in words. */
  judge?(): Promise<readonly string[]>;
  /** Ends what `prepare` began, before the stage is closed. */
  end?(): Promise<void>;
}
