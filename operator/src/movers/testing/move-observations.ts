/** What tests of decisions about moves decide by. */
import type { MoveReport } from '../../agent/protocol/move-report.ts';
import type { ShardMapMove, ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { aMove } from '../../api/v1alpha1/testing/moves.ts';
import type { Position } from '../../engines/position.ts';
import type { MoveObservation, MoveSide } from '../observe-move.ts';

/** A position so many transactions into a history. */
export function at(sequence: number): Position {
  return `0-1-${sequence}` as Position;
}

/** What an agent says; nothing has happened unless told. */
export function aReport(change: Partial<MoveReport> = {}): MoveReport {
  return {
    id: 'grow-1',
    role: 'receiving',
    stage: 'Waiting',
    epoch: 3,
    attempt: 1,
    rowsCopied: 0,
    rowsTotal: null,
    bytesCopied: 0,
    bytesTotal: null,
    rowsPerSecond: 0,
    bytesPerSecond: 0,
    lagMilliseconds: null,
    position: null,
    ownPosition: null,
    verified: null,
    fenced: null,
    held: null,
    error: null,
    ...change,
  };
}

/** An agent whose copy is complete, compared, and follows up to `sequence`. */
export function aFollower(sequence: number, change: Partial<MoveReport> = {}): MoveReport {
  return aReport({
    stage: 'Following',
    lagMilliseconds: 5,
    position: at(sequence),
    ownPosition: at(1000),
    verified: { position: at(1), tables: 1, rows: 1 },
    ...change,
  });
}

/** An agent that has fenced the slot at `sequence`. */
export function aFence(sequence: number, change: Partial<MoveReport> = {}): MoveReport {
  const attempt = change.attempt ?? 1;
  return aReport({ role: 'giving', stage: 'Fenced', fenced: { attempt, position: at(sequence) }, ...change });
}

/** An agent that serves what it owns. */
export function aServer(change: Partial<MoveReport> = {}): MoveReport {
  return aReport({ role: 'giving', stage: 'Serving', ...change });
}

/** A shard at work, of which the agent says `report`. */
export function aSide(number: number, report: MoveReport | null, change: Partial<MoveSide> = {}): MoveSide {
  return { name: `demo-shard-${number}`, report, trouble: null, ...change };
}

/** A move in a phase, with what both agents say. */
export function anObservation(
  phase: ShardMapMove['phase'],
  reports: { readonly from?: MoveReport | null; readonly to?: MoveReport | null },
  change: Partial<MoveObservation> = {},
): MoveObservation {
  return {
    move: aMove(phase),
    wish: { kind: 'proceed' },
    from: aSide(0, reports.from ?? null),
    to: aSide(2, reports.to ?? null),
    phaseMilliseconds: 100,
    soakMilliseconds: 0,
    isAnotherSwitching: false,
    areReplicasCurrent: true,
    obstacle: null,
    ...change,
  };
}

/** A map of three shards, of which the last has no slots. */
export function aMap(change: Partial<ShardMapSpec> = {}): ShardMapSpec {
  return {
    revision: 10,
    shards: [0, 1, 2].map((number) => ({
      number,
      name: `demo-shard-${number}`,
      epoch: 3,
      primary: `demo-shard-${number}-0`,
      replicas: [`demo-shard-${number}-1`],
      ackers: [`demo-shard-${number}-1`],
      initialised: true,
      acknowledgement: 'OneReplica',
    })),
    keyspaces: [
      {
        name: 'app',
        strategy: 'ConsistentHash',
        placement: 'Balanced',
        slots: 12,
        defaultKey: 'id',
        tables: [],
        homeShard: 0,
        slotsByShard: [
          { shard: 0, slots: '0-5' },
          { shard: 1, slots: '6-11' },
        ],
        transactions: 'Single',
        consistency: 'Strong',
      },
    ],
    ...change,
  };
}
