import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkoutFolder } from '../../cluster/machine/folders.ts';
import { findFault } from '../faults/index.ts';
import type { MeasuredKind } from '../history/operation.ts';
import type { RunResult, Surroundings } from '../report/result.ts';
import type { Stage } from '../stage/stage.ts';
import { rebuildStage } from '../stage/open-stage.ts';
import { awaitConvergence } from './convergence.ts';
import { runFault } from './run-fault.ts';
import type { PlannedRun } from './sequence.ts';
import { runRandom } from './sequence.ts';
import { describeSurroundings } from './surroundings.ts';

export interface SequenceOptions {
  readonly seed: number;
  /** Whose gaps are measured; clients of other kinds do not run. */
  readonly clients: readonly MeasuredKind[];
  /** No run is begun after this time, by `performance.now()`. */
  readonly until: number;
  /** Whether histories are kept of runs that broke no promise. */
  readonly keep: boolean;
  readonly onResult: (result: RunResult) => void;
  /** See `RunOptions.onBegin`. */
  readonly onBegin: (undo: () => Promise<void>) => void;
}

/** How much longer a shard may take to heal that was not whole in time after the run before. */
const HEALING_MILLISECONDS = 30_000;

/** What became of a sequence. */
export interface SequenceOutcome {
  readonly results: readonly RunResult[];
  /** Runs that could not be judged, with the reason. */
  readonly failures: readonly string[];
}

/**
 * Does the runs one after the other. Histories of runs that broke a promise are kept in `.dev/chaos`. A shard that does
 * not become whole again is made anew, so that the next run says something.
 */
export async function runSequence(
  opened: Stage,
  plan: readonly PlannedRun[],
  options: SequenceOptions,
): Promise<SequenceOutcome> {
  const results: RunResult[] = [];
  const failures: string[] = [];
  let stage = opened;
  let surroundings: Surroundings | undefined;
  let isWhole = false;
  for (const { index, fault } of plan) {
    if (performance.now() > options.until) {
      break;
    }
    const { setting = 'usual' } = findFault(fault);
    if (setting !== stage.setting) {
      stage = await rebuildStage(stage, setting);
    } else if (!isWhole && !(await awaitConvergence(stage, HEALING_MILLISECONDS)).whole) {
      stage = await rebuildStage(stage);
    }
    surroundings ??= await describeSurroundings(stage);
    const folder = join(checkoutFolder, '.dev/chaos', `${options.seed}-${index}-${fault}`);
    try {
      const result = await runFault(stage, findFault(fault), {
        seed: options.seed,
        index,
        clients: options.clients,
        random: runRandom(options.seed, index),
        surroundings,
        folder,
        onBegin: options.onBegin,
      });
      results.push(result);
      options.onResult(result);
      isWhole = result.convergedSeconds !== null;
      if (result.violations.length === 0 && !options.keep) {
        await rm(folder, { recursive: true, force: true });
      }
    } catch (error) {
      isWhole = false;
      failures.push(`#${index} ${fault}: ${error instanceof Error ? error.message : String(error)}`);
      stage.progress.note(`could not be judged: ${failures.at(-1)}`);
    }
  }
  return { results, failures };
}
