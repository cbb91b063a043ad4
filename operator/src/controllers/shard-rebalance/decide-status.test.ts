import { describe, expect, it } from '@jest/globals';
import type {
  ShardMapMove,
  ShardMapSpec,
  ShardRebalance,
  ShardRebalanceStatus,
} from '../../api/v1alpha1/index.ts';
import { withMove, withStep } from '../../movers/move-edits.ts';
import { plannedMoves } from '../../movers/planned-moves.ts';
import { aMap } from '../../movers/testing/move-observations.ts';
import { decideStatus, nameOfFirst } from './decide-status.ts';
import { databasesByGiver } from './make-plan.ts';
import type { ClusterObservation } from './observe.ts';
import { aMeasuredShard, anObservation, aRebalance, aView, NOW } from './testing/observations.ts';

const [keyspace] = aMap().keyspaces ?? [];
/** All shards have the reference tables, so that only slots move. */
const MAP = aMap({ keyspaces: keyspace === undefined ? [] : [{ ...keyspace, referenceShards: [0, 1, 2] }] });

function status(rebalance: ShardRebalance, observation: ClusterObservation): ShardRebalanceStatus {
  const decided = decideStatus(rebalance, {
    ...observation,
    rebalances: [rebalance, ...observation.rebalances],
  });
  if (decided === undefined) {
    throw new Error('the status stays as it is');
  }
  return decided;
}

/** One with a plan of four moves, two from each of the shards 0 and 1. */
function planned(spec: object = {}, change: object = {}): ShardRebalance {
  const rebalance = aRebalance(spec);
  const { plan } = status(aRebalance(), anObservation({ map: MAP }));
  return { ...rebalance, status: { phase: 'Planned', ...(plan === undefined ? {} : { plan }), ...change } };
}

const RUNNING = { phase: 'Running', startedAt: '2026-01-01T11:59:30Z' };
const FIRST = plannedMoves(planned())[0];
const ID = FIRST?.id ?? '';

/** The map with the first move of the plan in a phase. */
function mapAt(phase: ShardMapMove['phase'], map: ShardMapSpec = MAP): ShardMapSpec {
  if (FIRST === undefined) {
    throw new Error('the plan has no moves');
  }
  const copying = withMove(map, FIRST);
  const switching = withStep(copying, ID, { phase: 'Switching' });
  const soaking = withStep(switching, ID, { phase: 'Soaking', openedAt: '0-1-1' });
  switch (phase) {
    case 'Copying':
      return copying;
    case 'Switching':
      return switching;
    case 'Soaking':
      return soaking;
    case 'Undoing':
      return withStep(copying, ID, { phase });
    default:
      return withStep(soaking, ID, { phase });
  }
}

/** The map when everything is where the plan wants it. */
const DONE = plannedMoves(planned()).reduce((map, move) => {
  const soaking = withStep(withMove(map, move), move.id, { phase: 'Soaking', openedAt: '0-1-1' });
  return soaking;
}, MAP);
const CLEAN: ShardMapSpec = { ...DONE, moves: [] };

describe('a rebalance without a plan', () => {
  it('is planned once sizes are known', () => {
    const told = status(aRebalance(), anObservation({ map: MAP }));
    expect(told).toMatchObject({
      phase: 'Planned',
      observedGeneration: 2,
      plan: { moveCount: 4, mapRevision: 10, plannedAt: '2026-01-01T12:00:00Z' },
      progress: { total: 4, pending: 4 },
      summary: { moves: '0/4' },
    });
    expect(told.startedAt).toBeUndefined();
  });

  it('says before anything moves what would keep databases from being moved', () => {
    const shards = [0, 1, 2].map((number) =>
      aMeasuredShard(number, {
        databases: Array.from({ length: 12 }, (_, slot) => ({
          database: `app_s${String(slot).padStart(4, '0')}`,
          rows: 1,
          bytes: 1,
        })),
      }),
    );
    const [moved] = plannedMoves(planned());
    const database = `app_s${String(moved?.slot).padStart(4, '0')}`;
    const obstacle = (problem: string, object: string | null, message: string) => ({
      database,
      problem,
      object,
      message,
    });
    const inspection = {
      obstacles: [
        obstacle('NoPrimaryKey', 'log', 'table log has no primary key: give it one'),
        obstacle('StorageEngine', 'old', 'table old is stored by MyISAM'),
        obstacle('ForeignKeyLeaves', 'owner', 'foreign key owner: leaves'),
        obstacle('PreparedTransaction', null, 'an XA transaction is prepared'),
      ],
      silent: ['shard 1: no answer'],
    };
    const { plan } = status(aRebalance(), anObservation({ map: MAP, shards, inspection }));
    expect(plan?.warnings.map(({ code, message }) => [code, message])).toEqual([
      ['NoPrimaryKey', expect.stringContaining(`${database}.log`)],
      ['ForeignKeyToOtherDatabase', expect.stringContaining(`${database}.owner`)],
      ['NotTransactional', expect.stringContaining(`${database}.old`)],
      ['NotMovable', expect.stringContaining(`${database}: an XA transaction is prepared`)],
      ['NotInspected', expect.stringContaining('shard 1: no answer')],
    ]);
    expect(databasesByGiver({ moves: plan?.moves ?? [] }).get(moved?.from ?? -1)).toContain(database);
  });

  it('waits for sizes, but not for long', () => {
    const shards = [aMeasuredShard(0), aMeasuredShard(1, { databases: null }), aMeasuredShard(2)];
    const fresh = aRebalance({}, {}, { creationTimestamp: '2026-01-01T11:59:55Z' });
    expect(status(fresh, anObservation({ map: MAP, shards }))).toMatchObject({
      phase: 'Planned',
      held: { reason: 'AgentSilent', since: '2026-01-01T12:00:00Z' },
    });
    expect(status(aRebalance(), anObservation({ map: MAP, shards })).plan).toBeDefined();
  });

  it('waits for shards that are to come', () => {
    expect(status(aRebalance({ scale: { shards: 4 } }), anObservation({ map: MAP }))).toMatchObject({
      held: { reason: 'ShardNotReady', message: 'There is no shard 3 yet.' },
    });
  });

  it('waits until moves of a former one have left the map', () => {
    const map = withMove(MAP, { id: 'former-1', keyspace: 'app', unit: 'Slot', slot: 1, from: 0, to: 1 });
    expect(status(aRebalance(), anObservation({ map })).held?.message).toContain('former-1');
  });

  it('waits for another that is under way', () => {
    const other = aRebalance({}, RUNNING, { name: 'other', uid: 'ffffffff-1' });
    expect(status(aRebalance(), anObservation({ map: MAP, rebalances: [other] }))).toMatchObject({
      phase: 'Planned',
      held: { reason: 'AnotherRebalance', message: expect.stringContaining('other') },
    });
  });

  it('waits for consent where the cluster asks for it', () => {
    const spec = { rebalance: { approval: 'Manual' as const } };
    expect(status(aRebalance(), anObservation({ map: MAP, spec })).phase).toBe('AwaitingApproval');
    expect(status(aRebalance({ approved: true }), anObservation({ map: MAP, spec })).phase).toBe('Planned');
  });

  it('fails when there can be no plan', () => {
    const hand = aRebalance({ moves: [{ keyspace: 'nothing', slot: 1, to: 1 }] });
    expect(status(hand, anObservation({ map: MAP }))).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('nothing'),
      endedAt: '2026-01-01T12:00:00Z',
    });
  });

  it('fails when the slots do not fit where they would go', () => {
    const databases = Array.from({ length: 12 }, (_, slot) => ({
      database: `app_s${String(slot).padStart(4, '0')}`,
      rows: 1,
      bytes: 1000,
    }));
    const shards = [
      aMeasuredShard(0, { databases }),
      aMeasuredShard(1),
      aMeasuredShard(2, { freeBytes: 100 }),
    ];
    expect(status(aRebalance(), anObservation({ map: MAP, shards }))).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('do not fit'),
    });
  });

  it('ends at once when it was cancelled before', () => {
    expect(status(aRebalance({ cancel: true }), anObservation({ map: MAP })).phase).toBe('Cancelled');
  });
});

type Row = [string, ShardRebalance, ClusterObservation, string];
const TABLE: Row[] = [
  ['has a plan', planned(), anObservation({ map: MAP }), 'Running'],
  [
    'waits for consent',
    planned(),
    anObservation({ map: MAP, spec: { rebalance: { approval: 'Manual' } } }),
    'AwaitingApproval',
  ],
  [
    'has consent',
    planned({ approved: true }),
    anObservation({ map: MAP, spec: { rebalance: { approval: 'Manual' } } }),
    'Running',
  ],
  [
    'copies',
    planned({}, RUNNING),
    anObservation({ map: mapAt('Copying'), views: { [ID]: aView() } }),
    'Running',
  ],
  [
    'copies, and all that copies waits',
    planned({}, RUNNING),
    anObservation({
      map: mapAt('Copying'),
      views: { [ID]: aView({ held: { reason: 'SourceBusy', message: 'Busy.' } }) },
    }),
    'Held',
  ],
  ['is paused', planned({ paused: true }, RUNNING), anObservation({ map: mapAt('Copying') }), 'Held'],
  [
    'is outside of its windows',
    planned({}, RUNNING),
    anObservation({ map: MAP, isWindowOpen: false }),
    'Held',
  ],
  [
    'is cut over, and others are to come',
    planned({}, RUNNING),
    anObservation({ map: mapAt('Soaking') }),
    'Running',
  ],
  ['is all cut over', planned({}, RUNNING), anObservation({ map: DONE }), 'Soaking'],
  [
    'is all cut over and to be rolled back',
    planned({ rollback: true }, RUNNING),
    anObservation({ map: DONE }),
    'Running',
  ],
  ['is all where it is to be', planned({}, RUNNING), anObservation({ map: CLEAN }), 'Completed'],
  [
    'is cancelled with moves on the map',
    planned({ cancel: true }, RUNNING),
    anObservation({ map: mapAt('Undoing') }),
    'Running',
  ],
  [
    'is cancelled with nothing on the map',
    planned({ cancel: true }, RUNNING),
    anObservation({ map: MAP }),
    'Cancelled',
  ],
  ['is cancelled before it began', planned({ cancel: true }), anObservation({ map: MAP }), 'Cancelled'],
  [
    'is cancelled when all is done',
    planned({ cancel: true }, RUNNING),
    anObservation({ map: CLEAN }),
    'Completed',
  ],
  ['is rolled back', planned({ rollback: true }, RUNNING), anObservation({ map: MAP }), 'RolledBack'],
];

describe('a rebalance with a plan', () => {
  it.each(TABLE)('that %s', (_, rebalance, observation, phase) => {
    expect(status(rebalance, observation).phase).toBe(phase);
  });

  it('never changes once it has ended', () => {
    for (const phase of ['Completed', 'Cancelled', 'RolledBack', 'Failed']) {
      expect(decideStatus(planned({}, { phase }), anObservation({ map: MAP }))).toBeUndefined();
    }
  });

  it('gives up a move whose agent cannot go on, and ends when all others have', () => {
    const failure = { reason: 'VerificationFailed', message: 'Row 7 differs.' };
    const first = status(
      planned({}, RUNNING),
      anObservation({ map: mapAt('Copying'), views: { [ID]: aView({ failure }) } }),
    );
    expect(first).toMatchObject({
      phase: 'Running',
      moves: [{ id: ID, phase: 'Failed', error: 'Row 7 differs.' }],
      progress: { failed: 1, pending: 0, undone: 3 },
    });
    const then = { ...planned({}, RUNNING), status: first };
    expect(status(then, anObservation({ map: mapAt('Undoing') })).moves?.[0]?.phase).toBe('Failed');
    const last = status(then, anObservation({ map: MAP }));
    expect(last).toMatchObject({ phase: 'Failed', message: expect.stringContaining('Row 7 differs.') });
    expect(last.moves?.[0]?.phase).toBe('Failed');
  });

  it('keeps figures of moves that are over, and tells those under way', () => {
    const soakEndsAt = NOW + 60_000;
    const told = status(
      planned({}, RUNNING),
      anObservation({
        map: mapAt('Soaking'),
        views: { [ID]: aView({ stage: 'Following', pauseMilliseconds: 42, soakEndsAt, lagMilliseconds: 3 }) },
      }),
    );
    expect(told).toMatchObject({
      soakEndsAt: '2026-01-01T12:01:00Z',
      summary: { moves: '1/4' },
      progress: { soaking: 1, pending: 3, longestPauseMilliseconds: 42 },
      moves: [
        {
          id: ID,
          phase: 'Soaking',
          pauseMilliseconds: 42,
          lagMilliseconds: 3,
          soakEndsAt: '2026-01-01T12:01:00Z',
        },
      ],
    });
    const later = status({ ...planned({}, RUNNING), status: told }, anObservation({ map: mapAt('Soaking') }));
    expect(later.moves?.[0]).toMatchObject({ pauseMilliseconds: 42, soakEndsAt: '2026-01-01T12:01:00Z' });
  });

  it('never counts less rows than it told before, though a move that has ended tells no more', () => {
    const views = { [ID]: aView({ rowsDone: 105, bytesDone: 2000 }) };
    const first = status(planned({}, RUNNING), anObservation({ map: mapAt('Copying'), views }));
    expect(first.progress).toMatchObject({ rowsDone: 105, bytesDone: 2000 });
    const told = { ...planned({}, RUNNING), status: first };
    const flipped = status(told, anObservation({ map: mapAt('Soaking') }));
    expect(flipped.progress).toMatchObject({ rowsDone: 105, bytesDone: 2000 });
    const ended = status(
      { ...told, status: flipped },
      anObservation({ map: { ...mapAt('Finishing'), moves: [] } }),
    );
    expect(ended.progress).toMatchObject({ done: 1, rowsDone: 105, bytesDone: 2000 });
  });

  it('remembers since when it is held', () => {
    const observation = anObservation({ map: MAP, isWindowOpen: false });
    const first = status(planned({}, RUNNING), observation);
    expect(first.held).toMatchObject({ reason: 'OutsideWindow', since: '2026-01-01T12:00:00Z' });
    const later = { ...observation, now: NOW + 90_000 };
    expect(status({ ...planned({}, RUNNING), status: first }, later).held?.since).toBe(
      '2026-01-01T12:00:00Z',
    );
  });
});

describe('nameOfFirst', () => {
  const old = aRebalance({}, {}, { name: 'old', uid: 'u1' });
  const young = aRebalance({}, {}, { name: 'young', uid: 'u2' });

  it('is the one that is under way, then the oldest that may begin', () => {
    const running = aRebalance({}, RUNNING, { name: 'running', uid: 'u3' });
    expect(nameOfFirst(old, anObservation({ rebalances: [old, young] }))).toBeNull();
    expect(nameOfFirst(young, anObservation({ rebalances: [old, young] }))).toBe('old');
    expect(nameOfFirst(old, anObservation({ rebalances: [old, running] }))).toBe('running');
    const ended = aRebalance({}, { phase: 'Completed' }, { name: 'ended', uid: 'u4' });
    expect(nameOfFirst(young, anObservation({ rebalances: [ended, young] }))).toBeNull();
  });

  it('is nobody who waits for consent', () => {
    const spec = { rebalance: { approval: 'Manual' as const } };
    const approved = aRebalance({ approved: true }, {}, { name: 'approved', uid: 'u5' });
    expect(nameOfFirst(approved, anObservation({ spec, rebalances: [old, approved] }))).toBeNull();
  });
});
