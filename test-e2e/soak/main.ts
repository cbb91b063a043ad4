/** `npm run test:soak`: moves slots in pieces of some minutes, and adds what it finds to docs/reliability/moves. */
import { parseArgs } from 'node:util';
import { runCommand } from '../cluster/machine/command.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { describeFailure } from '../cluster/failure.ts';
import { appendRound, readRounds, type RoundResult, STAGE_KINDS, stageOf } from './round-result.ts';
import { runSoak, SOAK_PIECES, type SoakPiece } from './run-soak.ts';

const HELP = `Usage: npm run test:soak [-- OPTIONS]

Moves slots between shards of real servers under a load that is checked. Renews docs/moves.md. Needs root and Debian. Each piece is
a run of its own, and adds to what is on record; \`deaths\` begins with what was met least there.

Pieces:
  deaths     somebody who takes part is killed, in each phase
  undone     the same, while a move is taken back: after its switch, and before
  network    both shards of a move cannot reach each other for a while
  volume     the volume of the receiving primary is full for a while
  split      slots of intervals: the hot end, a split that is cancelled, and somebody who dies meanwhile
  scale      3, 4, 5 and again 3 shards, under sysbench as well
  failovers  the same without sysbench, and each time a giving or receiving primary is killed
  remainders the strategy Hash: 4, 5, 4 and 8 shards
  ballast    2 to 3 shards with as much data as is asked for
  words      cancelled, rolled back, a row lost or changed, a long transaction, a changed definition, away and back ten times

Options:
  --piece NAME    one of them, or all (default: all)
  --on WHAT       processes: servers of this machine, with pods that are made up (default); cluster: the development
                  cluster with the operator installed, and routers behind their Service
  --rounds N      moves of deaths (default: 40), of undone (half), of network, volume and split (a tenth)
  --shards N      shards, where the piece does not say (default: 3)
  --instances N   servers of each (default: 2)
  --gibibytes N   of ballast (default: 2)
  --no-record     leave what is on record as it is
  --seed N        decides slots, faults and phases (default: by the clock)
  --help          show this
`;

try {
  const { values } = parseArgs({
    options: {
      piece: { type: 'string', default: 'all' },
      on: { type: 'string', default: 'processes' },
      rounds: { type: 'string', default: '40' },
      shards: { type: 'string', default: '3' },
      instances: { type: 'string', default: '2' },
      gibibytes: { type: 'string', default: '2' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      record: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false },
    },
    allowNegative: true,
  });
  if (values.help) {
    console.log(HELP);
  } else {
    await soak(values);
  }
} catch (error) {
  console.error(`\nFailed: ${describeFailure(error)}`);
  process.exit(1);
}

async function soak(values: {
  piece: string;
  on: string;
  rounds: string;
  shards: string;
  instances: string;
  gibibytes: string;
  seed: string;
  record: boolean;
}): Promise<void> {
  const on = STAGE_KINDS.find((kind) => kind === values.on);
  if (on === undefined) {
    throw new Error(`--on is one of ${STAGE_KINDS.join(', ')}`);
  }
  const pieces = SOAK_PIECES.filter((piece) => values.piece === 'all' || values.piece === piece);
  if (pieces.length === 0) {
    throw new Error(`there is no piece ${values.piece}`);
  }
  let broken = 0;
  for (const piece of pieces) {
    console.log(`${piece} on ${on}:`);
    await runSoak({
      piece,
      on,
      rounds: roundsOf(piece, Number(values.rounds)),
      shards: Number(values.shards),
      instances: Number(values.instances),
      gibibytes: Number(values.gibibytes),
      seed: Number(values.seed),
      recorded: readRounds(checkoutFolder).filter((round) => stageOf(round) === on),
      onRound(result) {
        if (values.record) {
          appendRound(checkoutFolder, result);
        }
        broken += result.violations.length;
        console.log(describeRound(result));
      },
    });
  }
  if (values.record) {
    await runCommand(process.execPath, ['scripts/generate.ts'], { directory: checkoutFolder });
  }
  console.log(`seed ${values.seed}: ${broken} broken promises`);
  process.exitCode = broken === 0 ? 0 : 1;
}

/** One round in a line, and a line for each promise it broke. */
function describeRound(result: RoundResult): string {
  const { round, fault, phase, milliseconds, longestGap, operations, failures, violations } = result;
  const { slotsMoved, slotsAtLeast, longestSwitch, updates, audited } = result;
  const what = fault === null ? 'nothing' : `${fault}${phase === null ? '' : ` in ${phase}`}`;
  return [
    [
      `${round}: ${what}; ${milliseconds} ms, longest pause ${longestGap} ms, ${failures} errors of ${operations} statements`,
      ...(slotsMoved === undefined ? [] : [`${slotsMoved} slots moved of at least ${slotsAtLeast}`]),
      ...(longestSwitch === undefined ? [] : [`longest switch ${longestSwitch} ms`]),
      ...(updates === undefined ? [] : [`${updates} updates by sysbench`]),
      ...(audited === undefined ? [] : [`${audited.rows} rows in ${audited.slots} slots`]),
    ].join(', '),
    ...violations.map((violation) => `   BROKEN: ${violation}`),
  ].join('\n');
}

/** One more than troubles: the last round has none. */
function roundsOf(piece: SoakPiece, rounds: number): number {
  const share = piece === 'deaths' ? 1 : piece === 'undone' ? 2 : 10;
  return share === 1 ? rounds : Math.max(2, Math.ceil(rounds / share) + 1);
}
