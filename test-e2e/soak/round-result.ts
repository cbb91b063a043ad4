/** Results of soak runs of moves, one JSON object a line, by day. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../chaos/report/result.ts';

/** Where results are kept, from the root of the checkout. */
const RESULTS_FOLDER = 'docs/reliability/moves';

/** One move of a soak run, or one change of the number of shards. */
export interface RoundResult {
  /** RFC 3339. */
  readonly at: string;
  /** What it ran on. Absent in the first runs: processes. */
  readonly on?: StageKind;
  readonly seed: number;
  readonly round: number;
  /** What happened, and in which phase; null for a round without trouble. */
  readonly fault: string | null;
  readonly phase: string | null;
  /** From the wish to the end of the move. */
  readonly milliseconds: number;
  /** Longest time in which a client of the router got no row acknowledged. */
  readonly longestGap: number;
  /** Statements answered meanwhile. */
  readonly operations: number;
  /** Errors of clients of the router: of single statements. */
  readonly failures: number;
  /** Slots that have moved where the number of shards has changed, and how many any placement as even would move. */
  readonly slotsMoved?: number;
  readonly slotsAtLeast?: number;
  /** Longest that writes of a slot waited at its switch, as the operator tells it, in milliseconds. */
  readonly longestSwitch?: number;
  /** Updates that sysbench had acknowledged beside all else: each is there once. */
  readonly updates?: number;
  /** What the audit has read in the end. Absent in the first runs. */
  readonly audited?: { readonly slots: number; readonly rows: number };
  /** Absent in the first runs. */
  readonly surroundings?: SoakSurroundings;
  /** Broken promises, and what was left over, in words. */
  readonly violations: readonly string[];
}

/**
 * What pieces run on. `processes`: servers, agents and a router as processes of this machine, with pods that are made up.
 * `cluster`: the development cluster with the operator installed.
 */
export const STAGE_KINDS = ['processes', 'cluster'] as const;
export type StageKind = (typeof STAGE_KINDS)[number];

/** What a round ran on. */
export function stageOf({ on = 'processes' }: Pick<RoundResult, 'on'>): StageKind {
  return on;
}

/** What a run was made with and on. */
export interface SoakSurroundings extends Machine {
  readonly mariadb: string;
  /** Servers of each shard. */
  readonly instances: number;
}

/** Adds a result to the file of its day. */
export function appendRound(checkout: string, result: RoundResult): void {
  const folder = join(checkout, RESULTS_FOLDER);
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, `${result.at.slice(0, 10)}.jsonl`), `${JSON.stringify(result)}\n`);
}

/** All results, oldest first. */
export function readRounds(checkout: string): readonly RoundResult[] {
  const folder = join(checkout, RESULTS_FOLDER);
  if (!existsSync(folder)) {
    return [];
  }
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RoundResult);
}
