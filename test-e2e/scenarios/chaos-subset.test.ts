/**
 * Part of the chaos runs (`npm run test:chaos`), in the order and at the moments that a seed decides: after each, no
 * promise is broken and writes have come back. The whole of them takes hours, with other seeds; docs/reliability.md has
 * what they found.
 *
 * SHARDWRIGHT_SEED gives another order and other moments.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findFault } from '../chaos/faults/index.ts';
import { MEASURED_KINDS } from '../chaos/history/operation.ts';
import type { Surroundings } from '../chaos/report/result.ts';
import { awaitConvergence } from '../chaos/runner/convergence.ts';
import { runFault } from '../chaos/runner/run-fault.ts';
import { planSequence, runRandom } from '../chaos/runner/sequence.ts';
import { describeSurroundings } from '../chaos/runner/surroundings.ts';
import { openStage, strikeStage } from '../chaos/stage/open-stage.ts';
import type { Stage } from '../chaos/stage/stage.ts';
import { createProgress } from '../cluster/progress.ts';

const SEED = Number(process.env['SHARDWRIGHT_SEED'] ?? 20_261_122);

/** What happens most, and what has taken other operators' data. */
const FAULTS = [
  'server-killed',
  'server-stopped',
  'node-isolated',
  'switchover',
  'pod-deleted',
  'agent-killed',
  'operators-cut-off',
  'candidate-killed',
  'last-acker-stopped',
  'replicas-lagging',
  'router-killed',
];

/** Far above what docs/reliability.md tells of: other tests may have left the machine busy. */
const LONGEST_GAP_MILLISECONDS = 20_000;

const plan = planSequence(
  FAULTS.map((fault) => ({ fault, runs: 1 })),
  SEED,
);
let stage: Stage;
let surroundings: Surroundings;
let folder: string;

beforeAll(async () => {
  console.log(`seed ${SEED}: ${plan.map(({ fault }) => fault).join(', ')}`);
  folder = await mkdtemp(join(tmpdir(), 'shardwright-chaos-'));
  stage = await openStage(createProgress());
  surroundings = await describeSurroundings(stage);
});

afterAll(async () => {
  if (stage !== undefined) {
    await strikeStage(stage);
    await stage.close();
  }
  await rm(folder, { recursive: true, force: true });
});

describe(`a shard, seed ${SEED}`, () => {
  it.each(plan)('keeps its promises through $fault, run $index', async ({ fault, index }) => {
    expect((await awaitConvergence(stage)).violations).toEqual([]);
    const options = {
      seed: SEED,
      index,
      clients: MEASURED_KINDS,
      random: runRandom(SEED, index),
      surroundings,
      folder,
    };
    const { violations, gaps, acknowledged } = await runFault(stage, findFault(fault), options);
    expect(violations).toEqual([]);
    expect(gaps.shardMap).toBeLessThan(LONGEST_GAP_MILLISECONDS);
    expect(gaps.primaryService).toBeLessThan(LONGEST_GAP_MILLISECONDS);
    expect(gaps.router).toBeLessThan(LONGEST_GAP_MILLISECONDS);
    expect(acknowledged.appends).toBeGreaterThan(100);
  });
});
