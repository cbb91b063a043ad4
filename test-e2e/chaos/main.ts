/** `npm run test:chaos`: breaks a real cluster and judges what becomes of it. See `--help`. */
import { setTimeout as delay } from 'node:timers/promises';
import { describeFailure } from '../cluster/failure.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { createProgress } from '../cluster/progress.ts';
import { appendResult, readResults, resultsFileOf } from './report/results-file.ts';
import { MEASURED_KINDS } from './history/operation.ts';
import type { RouterResult, RunResult } from './report/result.ts';
import { findFault } from './faults/index.ts';
import type { ChaosCommand } from './runner/command-line.ts';
import { HELP, parseCommandLine } from './runner/command-line.ts';
import { runSequence } from './runner/run-sequence.ts';
import { planSequence, withoutDone } from './runner/sequence.ts';
import { openStage, strikeStage } from './stage/open-stage.ts';
import { SETTINGS } from './stage/stage.ts';

const started = performance.now();
const progress = createProgress((line) => console.log(line));
/** Ends the fault of the run that is under way. */
let undo: () => Promise<void> = async () => undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    // A node that stays cut off, or a process that stays stopped, would be a puzzle for whoever comes next.
    console.error(`${signal}: undoing the fault of the run that is under way`);
    void undo().finally(() => process.exit(130));
  });
}
try {
  const command = parseCommandLine(process.argv.slice(2));
  if (command === 'help') {
    console.log(HELP);
  } else {
    process.exitCode = await execute(command);
  }
} catch (error) {
  console.error(`\n${describeFailure(error)}`);
  process.exitCode = 1;
}
// What a driver left open must not keep the command from ending.
await delay(100);
process.exit();

async function execute(command: ChaosCommand): Promise<number> {
  const { seed, faults, minutes } = command;
  const all = planSequence(faults, seed, (name) => SETTINGS.indexOf(findFault(name).setting ?? 'usual'));
  const plan = command.resume ? withoutDone(all, seed, readResults(checkoutFolder)) : all;
  console.log(`seed ${seed}: ${plan.length} runs of ${faults.map(({ fault }) => fault).join(', ')}`);
  const stage = await openStage(progress);
  try {
    const { results, failures } = await runSequence(stage, plan, {
      seed,
      clients: command.clients,
      until: started + minutes * 60_000,
      keep: command.keep,
      onBegin: (ofRun) => {
        undo = ofRun;
      },
      onResult(result) {
        console.log(describeResult(result));
        if (command.record) {
          appendResult(resultsFileOf(checkoutFolder, new Date()), result);
        }
      },
    });
    if (command.strike) {
      await strikeStage(stage);
    }
    const broken = results.filter(({ violations }) => violations.length > 0).length;
    const left = plan.length - results.length - failures.length;
    console.log(
      `${results.length - broken} runs passed, ${broken} failed, ${failures.length} not judged, ${left} left`,
    );
    return broken + failures.length === 0 ? 0 : 1;
  } finally {
    await stage.close();
  }
}

/** One run in a line, and a line for each promise it broke. */
function describeResult(result: RunResult): string {
  const { fault, index, gaps, promotions, convergedSeconds, acknowledged, violations } = result;
  const phases = Object.entries(result.phases).map(([name, value]) => `${name} ${value}`);
  const seen = MEASURED_KINDS.filter((kind) => kind in gaps);
  return [
    `${violations.length === 0 ? 'ok    ' : 'BROKEN'} #${index} ${fault}: gap ${seen.map((kind) => `${describeGap(gaps[kind])} by ${kind}`).join(', ')}; ` +
      `${promotions} promotions${phases.length > 0 ? ` (${phases.join(', ')})` : ''}, ` +
      `converged in ${convergedSeconds?.toFixed(1) ?? '-'} s, ${acknowledged.appends} rows` +
      `${result.leaderLost ? ', leader lost' : ''}${result.staleReads.count > 0 ? `, ${result.staleReads.count} stale reads` : ''}` +
      (result.router === undefined ? '' : `; ${describeRouter(result.router)}`),
    ...violations.map(({ rule, message }) => `       ${rule}: ${message}`),
  ].join('\n');
}

/** What clients of routers were told. */
function describeRouter({ answers, routersLost, eventual }: RouterResult): string {
  const { statements, answersLost, heldTooLong, toldToRetry, connectionsLost } = answers;
  return (
    `${statements} statements by router: ${answersLost} answers lost, ${heldTooLong} held too long, ` +
    `${toldToRetry} transactions to retry${routersLost > 0 ? `, ${connectionsLost} connections lost with ${routersLost} routers` : ''}, ` +
    `eventual reads up to ${eventual.oldestMilliseconds.toFixed(0)} ms old`
  );
}

function describeGap(milliseconds: number | null | undefined): string {
  return typeof milliseconds === 'number' ? `${milliseconds.toFixed(0)} ms` : 'no end';
}
