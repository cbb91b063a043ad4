import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkoutFolder } from '../../cluster/machine/folders.ts';
import { findFault } from '../faults/index.ts';
import type { RunResult, Surroundings } from '../report/result.ts';
import type { Stage } from '../stage/stage.ts';
import { awaitConvergence } from './convergence.ts';
import { runFault } from './run-fault.ts';
import type { PlannedRun } from './sequence.ts';
import { runRandom } from './sequence.ts';
import { describeSurroundings } from './surroundings.ts';

export interface SequenceOptions {
  readonly seed: number;
  /** No run is begun after this time, by `performance.now()`. */
  readonly until: number;
  readonly onResult: (result: RunResult) => void;
  /** See `RunOptions.onBegin`. */
  readonly onBegin: (undo: () => Promise<void>) => void;
}

/** How long a shard that the run before left broken may take to heal. */
const HEALING_MILLISECONDS = 120_000;

/**
 * Does the runs one after the other. Histories of runs that broke a promise are kept in `.dev/chaos`, and the sequence
 * goes on as long as the shard is whole again. @throws when it is not
 */
export async function runSequence(
  stage: Stage,
  plan: readonly PlannedRun[],
  options: SequenceOptions,
): Promise<RunResult[]> {
  const results: RunResult[] = [];
  let surroundings: Surroundings | undefined;
  let isWhole = false;
  for (const { index, fault } of plan) {
    if (performance.now() > options.until) {
      break;
    }
    const healed = isWhole ? undefined : await awaitConvergence(stage, HEALING_MILLISECONDS);
    if (healed?.seconds === null) {
      throw new Error(
        `the shard is not whole: ${healed.violations.map(({ message }) => message).join('; ')}`,
      );
    }
    surroundings ??= await describeSurroundings(stage);
    const folder = join(checkoutFolder, '.dev/chaos', `${options.seed}-${index}-${fault}`);
    const result = await runFault(stage, findFault(fault), {
      seed: options.seed,
      index,
      random: runRandom(options.seed, index),
      surroundings,
      folder,
      onBegin: options.onBegin,
    });
    results.push(result);
    isWhole = result.convergedSeconds !== null;
    options.onResult(result);
    if (result.violations.length === 0) {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return results;
}
