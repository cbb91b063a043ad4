/** Changes of a ShardMap's moves that would lose rows, or give users rights on two shards. */
import type { Fields, RefusedSpec } from './refused-spec.ts';
import { mapKeyspace, mapOfTwo } from './refused-slots.ts';

/** Slot 5 of `app` from shard 0 to shard 1. */
export function mapMove(fields: Fields = {}): Fields {
  return {
    id: 'grow-1',
    keyspace: 'app',
    unit: 'Slot',
    slot: 5,
    from: 0,
    to: 1,
    phase: 'Copying',
    attempt: 1,
    ...fields,
  };
}

/** The unsharded tables of `app`, likewise. */
export function mapHomeMove(fields: Fields = {}): Fields {
  const { slot: _, ...move } = mapMove({ id: 'grow-2', unit: 'Unsharded', ...fields });
  return move;
}

/** A copy of the reference tables of `app`, likewise. */
export function mapReferenceMove(fields: Fields = {}): Fields {
  const { slot: _, ...move } = mapMove({ id: 'grow-3', unit: 'Reference', ...fields });
  return move;
}

/** A map of two shards with one keyspace and moves. */
export function mapWithMoves(revision: number, keyspace: Fields, ...moves: readonly Fields[]): Fields {
  return { ...mapOfTwo(revision, mapKeyspace({ referenceShards: [0], ...keyspace })), moves };
}

/** Slot 5 is on shard 1. */
export const FLIPPED: Fields = {
  slotsByShard: [
    { shard: 0, slots: '0-3,7' },
    { shard: 1, slots: '5' },
  ],
};

const first = 'spec.moves[0]';
const opened = { openedAt: '1-100-7' };

/** A move that is refused by itself. */
const alone: readonly (readonly [string, Fields, string, string])[] = [
  ['to where it is', mapMove({ to: 0 }), first, 'name another shard'],
  ['of no slot', mapHomeMove({ unit: 'Slot' }), first, 'goes with unit Slot'],
  ['of a slot that is none', mapMove({ unit: 'Unsharded' }), first, 'goes with unit Slot'],
  ['to no shard', mapMove({ to: 4 }), 'spec.moves', 'add the shard first'],
  ['of no keyspace', mapMove({ keyspace: 'blog' }), 'spec.moves', 'correct the name'],
  ['in a phase that is none', mapMove({ phase: 'Waiting' }), `${first}.phase`, 'supported values'],
  ['opened at nobody knows where', mapMove({ phase: 'Soaking' }), first, 'with the flip'],
  ['back of a copy', mapReferenceMove({ phase: 'Returning' }), first, 'nothing has left its source'],
];

/** A change of one move, with what the keyspace says before and after. */
function change(
  attempt: string,
  [before, after]: readonly [Fields, Fields],
  [field, remedy]: readonly [string, string],
  [keyspaceBefore, keyspaceAfter]: readonly [Fields, Fields] = [{}, {}],
): RefusedSpec {
  return {
    attempt,
    from: mapWithMoves(5, keyspaceBefore, before),
    spec: mapWithMoves(6, keyspaceAfter, after),
    field,
    remedy,
  };
}

const switching = mapMove({ phase: 'Switching' });
const soaking = mapMove({ phase: 'Soaking', ...opened });
const wrongStep: readonly [string, string] = [first, 'a step that a move does not take'];

export const REFUSED_MOVES: readonly RefusedSpec[] = [
  ...alone.map(([attempt, move, field, remedy]) => ({
    attempt: `a move ${attempt}`,
    spec: mapWithMoves(1, {}, move),
    field,
    remedy,
  })),
  {
    attempt: 'two moves of one slot',
    from: mapWithMoves(5, {}, mapMove()),
    spec: mapWithMoves(6, {}, mapMove(), mapMove({ id: 'grow-9' })),
    field: 'spec.moves',
    remedy: 'let the first move end',
  },
  {
    attempt: 'two copies of reference tables to one shard',
    from: mapWithMoves(5, {}),
    spec: mapWithMoves(6, {}, mapReferenceMove(), mapReferenceMove({ id: 'grow-9' })),
    field: 'spec.moves',
    remedy: 'let the first move end',
  },
  {
    attempt: 'two moves of one id',
    spec: mapWithMoves(1, {}, mapMove(), mapMove({ slot: 7 })),
    field: 'spec.moves[1]',
    remedy: 'Duplicate value',
  },
  change('another slot under the same id', [mapMove(), mapMove({ slot: 7 })], [first, 'a new id']),
  change('a move from Copying to Soaking', [mapMove(), soaking], wrongStep, [{}, FLIPPED]),
  change('a move from Soaking to Copying', [soaking, mapMove({ attempt: 2, ...opened })], wrongStep, [
    FLIPPED,
    FLIPPED,
  ]),
  change('a move from Switching to Undoing', [switching, mapMove({ phase: 'Undoing' })], wrongStep),
  change(
    'an undone switch that counts as none',
    [switching, mapMove()],
    [first, 'must grow when a switch is undone'],
  ),
  change(
    'an attempt of before',
    [mapMove({ attempt: 3 }), mapMove({ attempt: 2 })],
    [first, 'never goes back'],
  ),
  change(
    'another position of the opening',
    [soaking, mapMove({ phase: 'Soaking', openedAt: '1-100-8' })],
    [first, 'cannot change'],
    [FLIPPED, FLIPPED],
  ),
  change(
    'a flip that leaves the slot where it was',
    [switching, soaking],
    ['spec.keyspaces', 'write both together'],
  ),
  change(
    'a slot that changes its shard while it is copied',
    [mapMove(), mapMove()],
    ['spec.keyspaces', 'write both together'],
    [{}, FLIPPED],
  ),
  change(
    'a return that leaves the slot where it was',
    [mapMove({ phase: 'Returning', ...opened }), mapMove({ phase: 'Undoing', ...opened })],
    ['spec.keyspaces', 'write both together'],
    [FLIPPED, FLIPPED],
  ),
  change(
    'another home while its tables are copied',
    [mapHomeMove(), mapHomeMove()],
    ['spec.keyspaces', 'restore the former value'],
    [{}, { homeShard: 1 }],
  ),
  change(
    'a flip that leaves the home where it was',
    [mapHomeMove({ phase: 'Switching' }), mapHomeMove({ phase: 'Soaking', ...opened })],
    ['spec.moves', 'write homeShard'],
  ),
  change(
    'a copy of reference tables that nobody writes to',
    [mapReferenceMove({ phase: 'Switching' }), mapReferenceMove({ phase: 'Soaking' })],
    ['spec.moves', 'in referenceShards'],
  ),
  {
    attempt: 'a move that begins in the middle',
    from: mapWithMoves(5, {}),
    spec: mapWithMoves(6, {}, switching),
    field: 'spec.moves',
    remedy: 'begin there',
  },
  {
    attempt: 'a move gone while rows are copied',
    from: mapWithMoves(5, {}, mapMove()),
    spec: mapWithMoves(6, {}),
    field: 'spec.moves',
    remedy: 'let it end by Undoing or Finishing',
  },
  {
    attempt: 'all moves gone with the field',
    from: mapWithMoves(5, {}, mapMove()),
    spec: mapOfTwo(6, mapKeyspace({ referenceShards: [0] })),
    field: 'spec.moves',
    remedy: 'let it end by Undoing or Finishing',
  },
  {
    attempt: 'reference tables on a shard that is not there',
    spec: mapWithMoves(1, { referenceShards: [0, 7] }),
    field: 'spec.keyspaces',
    remedy: 'add the shard first',
  },
  {
    attempt: 'no word any more of who has the reference tables',
    from: mapOfTwo(5, mapKeyspace({ referenceShards: [0] })),
    spec: mapOfTwo(6, mapKeyspace()),
    field: 'spec.keyspaces[0].referenceShards',
    remedy: 'restore it',
  },
];
