import type { MovePhase } from '../../operator/src/api/v1alpha1/index.ts';
import type { CheckedLoad } from '../moves/checked-load.ts';
import { SLOTS } from '../moves/cluster-objects.ts';
import { MOVE_FAULTS, type MoveFault } from '../moves/move-faults.ts';
import { moveThrough, type MoveTrouble, takeBackThrough } from '../moves/moves-story.ts';
import type { MovesStage, MovesStageOptions } from '../moves/moves-stage.ts';
import { seededRandom } from '../sharded-cluster/random.ts';
import { chooseTroubles, metByActs, type RecordedTrouble } from './choose-troubles.ts';
import { runScene, type SceneOptions } from './run-scene.ts';
import { ballastScene, isScaling, remainderScene, scaleScene, troubledScaleScene } from './scale-scenes.ts';
import { SPLIT, splitScene } from './counted-scenes.ts';
import { WORDS } from './soak-acts.ts';
import { receivingVolumeFull, shardsCutOff } from './soak-faults.ts';
import type { SoakAct, SoakScene } from './soak-scene.ts';

/** What can be run on its own, each in less than ten minutes on a quiet machine. */
export const SOAK_PIECES = [
  'deaths',
  'undone',
  'network',
  'volume',
  'split',
  'scale',
  'failovers',
  'remainders',
  'ballast',
  'words',
] as const;
export type SoakPiece = (typeof SOAK_PIECES)[number];

/** What a soak run is made of. */
export interface SoakOptions extends SceneOptions {
  readonly piece: SoakPiece;
  /** Of the pieces that have something happen on the way: moves. */
  readonly rounds: number;
  readonly shards: number;
  readonly instances: number;
  /** Of the piece `ballast`. */
  readonly gibibytes: number;
  /** What is on record already: what was met least comes first. */
  readonly recorded: readonly RecordedTrouble[];
}

const ON_THE_WAY: readonly MovePhase[] = ['Copying', 'Switching', 'Soaking', 'Finishing'];
const ON_THE_WAY_BACK: readonly MovePhase[] = ['Returning', 'Undoing'];
/** A slot that is split is work of one shard. */
const IN_A_SPLIT: readonly MovePhase[] = ['Copying', 'Switching', 'Soaking'];
const PRIMARIES = MOVE_FAULTS.filter(({ name }) => name.endsWith('ing primary is killed'));
const OF_ONE_SHARD = MOVE_FAULTS.filter(({ name }) => !name.includes('receiving'));
/** Room for a few copies of everything that the load makes in ten minutes. */
const VOLUME_MEBIBYTES = 900;
/** Of the changes of the number of shards that have deaths, and one more: the last of what is chosen is nothing. */
const STEPS_WITH_DEATHS = 4;

/** Runs one piece. */
export async function runSoak(options: SoakOptions): Promise<void> {
  const { piece, shards, instances, gibibytes } = options;
  const full = { shards, instances, filledShards: shards };
  switch (piece) {
    case 'deaths':
      return runScene(options, troubledScene(options, full, MOVE_FAULTS));
    case 'undone':
      return runScene(options, {
        stage: full,
        acts: troublesOf(options, MOVE_FAULTS, ON_THE_WAY_BACK).map((trouble) =>
          troubledAct(options, trouble, async (world, load, slot) =>
            trouble === undefined
              ? void (await moveThrough(world, load, slot))
              : takeBackThrough(world, slot, trouble),
          ),
        ),
      });
    case 'network':
      return runScene(options, troubledScene(options, { ...full, canBeCut: true }, [shardsCutOff]));
    case 'volume': {
      const small = { ...full, volumeMebibytes: VOLUME_MEBIBYTES };
      return runScene(options, troubledScene(options, small, [receivingVolumeFull]));
    }
    case 'split': {
      const recorded = metByActs(options.recorded, (name) => name === SPLIT);
      const troubles = troublesOf({ ...options, recorded }, OF_ONE_SHARD, IN_A_SPLIT);
      return runScene(options, splitScene(full, troubles));
    }
    case 'scale':
      return runScene(options, scaleScene(instances));
    case 'failovers': {
      const recorded = metByActs(options.recorded, isScaling);
      const chosen = { ...options, recorded, rounds: STEPS_WITH_DEATHS };
      return runScene(options, troubledScaleScene(instances, troublesOf(chosen, PRIMARIES, ON_THE_WAY)));
    }
    case 'remainders':
      return runScene(options, remainderScene(instances));
    case 'ballast':
      return runScene(options, ballastScene(instances, gibibytes));
    case 'words':
      return runScene(options, { stage: full, acts: WORDS });
  }
}

function troublesOf(
  options: SoakOptions,
  faults: readonly MoveFault[],
  phases: readonly MovePhase[],
): readonly (MoveTrouble | undefined)[] {
  return chooseTroubles({ ...options, faults, phases, random: seededRandom(options.seed) });
}

function troubledScene(
  options: SoakOptions,
  stage: MovesStageOptions,
  faults: readonly MoveFault[],
): SoakScene {
  const acts = troublesOf(options, faults, ON_THE_WAY).map((trouble) =>
    troubledAct(options, trouble, async (at, load, slot) => {
      await moveThrough(at, load, slot, trouble);
    }),
  );
  return { stage, acts };
}

/** Something that happens to a slot that is drawn. */
function troubledAct(
  { seed }: SoakOptions,
  trouble: MoveTrouble | undefined,
  run: (stage: MovesStage, load: CheckedLoad, slot: number) => Promise<void>,
): SoakAct {
  const name = trouble?.fault.name ?? '';
  const random = seededRandom(seed + `${name} ${trouble?.phase}`.length);
  return {
    name,
    isSeenByClients: trouble?.fault.isSeenByClients ?? false,
    trouble,
    run: (stage, load) => run(stage, load, Math.floor(random() * SLOTS)),
  };
}
