/** Plays the acts of a scene, one after the other, under a load that goes on, and tells what became of each. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monotonicTime } from '../chaos/clients/monotonic-time.ts';
import { describeMachine } from '../chaos/runner/surroundings.ts';
import { createProgress } from '../cluster/progress.ts';
import { CheckedLoad, connectToRouter } from '../moves/checked-load.ts';
import { InstalledCluster } from '../moves/installed-cluster.ts';
import { makeLoadTables } from '../moves/load-tables.ts';
import type { MovesStage } from '../moves/moves-stage.ts';
import { untilAudited } from '../moves/moves-story.ts';
import { MovesWorld } from '../moves/moves-world.ts';
import { endWhenInterrupted } from './interruption.ts';
import type { RoundResult, SoakSurroundings, StageKind } from './round-result.ts';
import type { SoakAct, SoakScene } from './soak-scene.ts';

const BUSY = [1, 3, 6];
const DIRECT = [3];

async function openStage(kind: StageKind, { stage }: SoakScene): Promise<MovesStage> {
  return kind === 'cluster'
    ? InstalledCluster.open(stage, createProgress(console.log))
    : MovesWorld.open(stage);
}

/** What a scene is run with. */
export interface SceneOptions {
  readonly on: StageKind;
  readonly seed: number;
  /** Called after each round. */
  readonly onRound: (result: RoundResult) => void;
}

/** Runs all acts of a scene. The load is judged in the end, over the whole of the run. */
export async function runScene({ seed, on, onRound }: SceneOptions, scene: SoakScene): Promise<void> {
  const { acts } = scene;
  const stage = await openStage(on, scene);
  const end = async (): Promise<void> => {
    await scene.end?.();
    await stage.close();
  };
  const withdrawEnding = endWhenInterrupted(end);
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
    await end();
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
  const tell = (error: unknown): void => {
    problems.push(error instanceof Error ? error.message : String(error));
  };
  const figures = (await act.run(stage, load).catch(tell)) ?? {};
  const milliseconds = monotonicTime() - since;
  await load.untilAllAnswered().catch(tell);
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
