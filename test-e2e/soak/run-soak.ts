import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MovePhase } from '../../operator/src/api/v1alpha1/index.ts';
import { monotonicTime } from '../chaos/clients/monotonic-time.ts';
import { describeMachine } from '../chaos/runner/surroundings.ts';
import { createProgress } from '../cluster/progress.ts';
import { CheckedLoad, connectToRouter } from '../moves/checked-load.ts';
import { SLOTS } from '../moves/cluster-objects.ts';
import { InstalledCluster } from '../moves/installed-cluster.ts';
import { makeLoadTables } from '../moves/load-tables.ts';
import { MOVE_FAULTS, type MoveFault } from '../moves/move-faults.ts';
import { moveThrough, type MoveTrouble, takeBackThrough, untilAudited } from '../moves/moves-story.ts';
import type { MovesStage, MovesStageOptions } from '../moves/moves-stage.ts';
import { MovesWorld } from '../moves/moves-world.ts';
import { seededRandom } from '../sharded-cluster/random.ts';
import { chooseTroubles, metByActs, type RecordedTrouble } from './choose-troubles.ts';
import { endWhenInterrupted } from './interruption.ts';
import type { RoundResult, SoakSurroundings, StageKind } from './round-result.ts';
import { ballastScene, isScaling, remainderScene, scaleScene, troubledScaleScene } from './scale-scenes.ts';
import { ShardLinks } from './shard-links.ts';
import { SmallFolders } from './small-folders.ts';
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

/** Pieces that need what only processes of this machine have. */
const OF_PROCESSES: readonly SoakPiece[] = ['network', 'volume'];

/** What can be run there. */
export function piecesOn(kind: StageKind): readonly SoakPiece[] {
  return SOAK_PIECES.filter((piece) => kind === 'processes' || !OF_PROCESSES.includes(piece));
}

/** What a soak run is made of. */
export interface SoakOptions {
  readonly piece: SoakPiece;
  readonly on: StageKind;
  readonly seed: number;
  /** Of the pieces that have something happen on the way: moves. */
  readonly rounds: number;
  readonly shards: number;
  readonly instances: number;
  /** Of the piece `ballast`. */
  readonly gibibytes: number;
  /** What is on record already: what was met least comes first. */
  readonly recorded: readonly RecordedTrouble[];
  /** Called after each round. */
  readonly onRound: (result: RoundResult) => void;
}

const ON_THE_WAY: readonly MovePhase[] = ['Copying', 'Switching', 'Soaking', 'Finishing'];
const ON_THE_WAY_BACK: readonly MovePhase[] = ['Returning', 'Undoing'];
/** A slot that is split is work of one shard. */
const IN_A_SPLIT: readonly MovePhase[] = ['Copying', 'Switching', 'Soaking'];
const PRIMARIES = MOVE_FAULTS.filter(({ name }) => name.endsWith('ing primary is killed'));
const OF_ONE_SHARD = MOVE_FAULTS.filter(({ name }) => !name.includes('receiving'));
const BUSY = [1, 3, 6];
const DIRECT = [3];
/** Room for a few copies of everything that the load makes in ten minutes. */
const VOLUME_MEBIBYTES = 900;
/** Of the changes of the number of shards that have deaths, and one more: the last of what is chosen is nothing. */
const STEPS_WITH_DEATHS = 4;

/** Runs one piece. The load is judged in the end, over the whole of the run. */
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
    case 'network': {
      const links = new ShardLinks();
      const members = { route: links.route.bind(links) };
      try {
        await runScene(options, { ...troubledScene(options, full, [shardsCutOff(links)]), members });
      } finally {
        links.close();
      }
      return;
    }
    case 'volume': {
      const folders = new SmallFolders(VOLUME_MEBIBYTES);
      const members = { prepareFolder: folders.make.bind(folders) };
      const scene = troubledScene(options, full, [receivingVolumeFull(folders)]);
      return runScene(options, { ...scene, members, end: () => folders.remove() });
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

async function openStage(kind: StageKind, { stage, members }: SoakScene): Promise<MovesStage> {
  return kind === 'cluster'
    ? InstalledCluster.open(stage, createProgress(console.log))
    : MovesWorld.open({ ...stage, ...(members === undefined ? {} : { members }) });
}

async function runScene({ seed, on, onRound }: SoakOptions, scene: SoakScene): Promise<void> {
  const { acts } = scene;
  const stage = await openStage(on, scene);
  const withdrawEnding = endWhenInterrupted(() => stage.close());
  let load: CheckedLoad | undefined;
  try {
    const router = await connectToRouter(stage);
    await makeLoadTables(router);
    router.close();
    await scene.prepare?.(stage);
    const surroundings = await describeSurroundings(stage, scene.stage.instances);
    const running = new CheckedLoad(stage, { seed, direct: DIRECT, busy: BUSY });
    load = running;
    let counted = 0;
    let broken = 0;
    const told = (result: RoundResult): void => {
      broken += result.violations.length;
      onRound(result);
    };
    for (const [index, act] of acts.entries()) {
      const place = { on, seed, round: index + 1, surroundings };
      const result = await runRound(stage, running, act, counted, place);
      counted += result.operations;
      if (index < acts.length - 1) {
        told(result);
      } else {
        // Registers are linearizable, and rows are there, over the whole of the run.
        await running.stop();
        const judged = (await running.judge()).map(({ rule, message }) => `${rule}: ${message}`);
        const others = (await scene.judge?.()) ?? [];
        told({ ...result, violations: [...result.violations, ...judged, ...others] });
      }
    }
    if (broken > 0) {
      await keepLogs(stage);
    }
  } finally {
    await load?.stop();
    await scene.end?.();
    await stage.close();
    withdrawEnding();
  }
}

/** Everything else goes with the stage. */
async function keepLogs(stage: MovesStage): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'shardwright-soak-logs-'));
  await stage.keepLogs(folder);
  console.log(`promises were broken; logs of processes are in ${folder}`);
}

async function describeSurroundings(stage: MovesStage, instances: number): Promise<SoakSurroundings> {
  const [[mariadb = 'unknown'] = []] = await stage.query(0, 'SELECT VERSION()');
  return { ...(await describeMachine()), mariadb, instances };
}

async function runRound(
  stage: MovesStage,
  load: CheckedLoad,
  act: SoakAct,
  /** Operations that are those of earlier rounds: each is told of in one of them, those during audits too. */
  counted: number,
  { surroundings, ...place }: Pick<RoundResult, 'on' | 'seed' | 'round' | 'surroundings'>,
): Promise<RoundResult> {
  const at = `${new Date().toISOString().slice(0, 19)}Z`;
  const since = monotonicTime();
  const problems: string[] = [];
  const ended = await act.run(stage, load).catch((error: unknown) => {
    problems.push(error instanceof Error ? error.message : String(error));
  });
  const figures = ended ?? {};
  const milliseconds = monotonicTime() - since;
  await load.untilAllAnswered();
  const { found, ...audited } = await untilAudited(stage);
  const own = load.operations.slice(counted);
  const failures = load.routerFailuresAmong(own, { withTransactions: false });
  return {
    at,
    ...place,
    fault: act.name === '' ? null : act.name,
    phase: act.trouble?.phase ?? null,
    milliseconds: Math.round(milliseconds),
    longestGap: Math.round(load.longestGap(since) * 10) / 10,
    operations: own.length,
    failures: failures.length,
    ...figures,
    audited,
    ...(surroundings === undefined ? {} : { surroundings }),
    violations: [
      ...problems,
      ...found,
      ...(act.isSeenByClients ? [] : failures.slice(0, MOST_FAILURES).map((text) => `a client saw: ${text}`)),
    ],
  };
}

/** Errors of one round that are told one by one. */
const MOST_FAILURES = 5;
