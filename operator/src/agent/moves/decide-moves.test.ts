import { describe, expect, it } from '@jest/globals';
import type { MovePhase, ShardMapMove } from '../../api/v1alpha1/index.ts';
import { decideMoves, type MoveFacts, type MoveTask, nameOfTask } from './decide-moves.ts';
import { aMove } from './testing/moves-on-map.ts';

const NOTHING: MoveFacts = {
  hasCopy: false,
  isVerified: false,
  isSpoilt: false,
  fencedAttempt: null,
  blockedAttempt: null,
  lacksRights: false,
  isCleaned: false,
};

function tasks(
  shard: number,
  moves: readonly ShardMapMove[],
  facts: Partial<MoveFacts> | Readonly<Record<string, Partial<MoveFacts>>> = {},
  running: readonly MoveTask[] = [],
): readonly string[] {
  const byId = facts as Readonly<Record<string, Partial<MoveFacts>>>;
  const decided = decideMoves({
    shard,
    moves,
    facts: (id) => ({ ...NOTHING, ...(id in byId ? byId[id] : (facts as Partial<MoveFacts>)) }),
    running,
  });
  return decided.map((task) => nameOfTask(task));
}

/** What the shards of one move do, by phase, and by what is known. */
const TABLE: readonly {
  readonly phase: MovePhase;
  readonly facts?: Partial<MoveFacts>;
  readonly from: readonly string[];
  readonly to: readonly string[];
}[] = [
  { phase: 'Copying', from: [], to: ['copy grow-1'] },
  { phase: 'Copying', facts: { hasCopy: null }, from: [], to: [] },
  { phase: 'Copying', facts: { hasCopy: true }, from: [], to: ['verify grow-1', 'follow 0 grow-1'] },
  { phase: 'Copying', facts: { hasCopy: true, isVerified: true }, from: [], to: ['follow 0 grow-1'] },
  { phase: 'Copying', facts: { hasCopy: true, isSpoilt: true }, from: [], to: [] },
  { phase: 'Copying', facts: { lacksRights: true, hasCopy: null }, from: ['grant grow-1'], to: [] },
  { phase: 'Switching', from: ['fence grow-1 1'], to: [] },
  { phase: 'Switching', facts: { hasCopy: true }, from: ['fence grow-1 1'], to: ['follow 0 grow-1'] },
  { phase: 'Switching', facts: { fencedAttempt: 1 }, from: [], to: [] },
  { phase: 'Switching', facts: { fencedAttempt: 0 }, from: ['fence grow-1 1'], to: [] },
  { phase: 'Switching', facts: { blockedAttempt: 1 }, from: [], to: [] },
  { phase: 'Switching', facts: { lacksRights: true }, from: ['fence grow-1 1'], to: [] },
  { phase: 'Soaking', from: ['follow 1 grow-1'], to: [] },
  { phase: 'Soaking', facts: { hasCopy: null }, from: [], to: [] },
  { phase: 'Soaking', facts: { isSpoilt: true }, from: [], to: [] },
  { phase: 'Soaking', facts: { lacksRights: true }, from: ['follow 1 grow-1'], to: ['grant grow-1'] },
  { phase: 'Returning', from: ['follow 1 grow-1'], to: ['fence grow-1 1'] },
  { phase: 'Returning', facts: { lacksRights: true, fencedAttempt: 1 }, from: ['follow 1 grow-1'], to: [] },
  { phase: 'Undoing', facts: { lacksRights: true }, from: ['grant grow-1'], to: ['drop grow-1'] },
  { phase: 'Undoing', facts: { isCleaned: true, hasCopy: true }, from: [], to: [] },
  { phase: 'Finishing', facts: { lacksRights: true }, from: ['drop grow-1'], to: ['grant grow-1'] },
  { phase: 'Finishing', facts: { isCleaned: true, hasCopy: true }, from: [], to: [] },
];

describe('decideMoves', () => {
  it.each(TABLE)(
    'has in $phase, where $facts, the giving shard do $from and the receiving one $to',
    (row) => {
      expect(tasks(0, [aMove(row.phase)], row.facts)).toEqual(row.from);
      expect(tasks(1, [aMove(row.phase)], row.facts)).toEqual(row.to);
    },
  );

  it('leaves reference tables where they come from, with their rights', () => {
    const reference = (phase: MovePhase) => {
      const { slot: _, ...move } = aMove(phase, { unit: 'Reference' });
      return [move];
    };
    const lacking = { lacksRights: true };
    expect(tasks(0, reference('Switching'), lacking)).toEqual(['fence grow-1 1']);
    expect(tasks(0, reference('Soaking'), lacking)).toEqual(['grant grow-1']);
    expect(tasks(0, reference('Finishing'), lacking)).toEqual(['grant grow-1']);
    expect(tasks(0, reference('Finishing'))).toEqual([]);
    expect(tasks(1, reference('Undoing'))).toEqual(['drop grow-1']);
  });

  it('reads rows of each shard once at a time: what runs first, then the first on the map', () => {
    const moves = [
      aMove('Copying', { id: 'a' }),
      aMove('Copying', { id: 'b', slot: 8 }),
      aMove('Copying', { id: 'c', slot: 9, from: 2 }),
    ];
    expect(tasks(1, moves)).toEqual(['copy a', 'copy c']);
    const [, second] = moves;
    const running: MoveTask[] = second === undefined ? [] : [{ kind: 'copy', move: second }];
    expect(tasks(1, moves, {}, running)).toEqual(['copy b', 'copy c']);
    expect(tasks(1, moves, { b: { hasCopy: true } }, running)).toContain('copy a');
    expect(tasks(1, moves, { b: { hasCopy: true } }, running)).not.toContain('verify b');
  });

  it('follows each other shard by one stream, in either direction', () => {
    const moves = [
      aMove('Copying', { id: 'a' }),
      aMove('Soaking', { id: 'b', slot: 8, from: 1, to: 0 }),
      aMove('Soaking', { id: 'c', slot: 9, from: 1, to: 2 }),
    ];
    expect(tasks(1, moves, { hasCopy: true, isVerified: true })).toEqual(['follow 0 a b', 'follow 2 c']);
  });

  it('lets nobody join a stream while one of its moves is switched, and lets whoever is done leave', () => {
    const [first, second, third] = [
      aMove('Switching', { id: 'a' }),
      aMove('Copying', { id: 'b', slot: 8 }),
      aMove('Copying', { id: 'c', slot: 9 }),
    ];
    const known = { hasCopy: true, isVerified: true };
    const running: MoveTask[] = [{ kind: 'follow', source: 0, moves: [first, third] }];
    expect(tasks(1, [first, second, third], known, running)).toEqual(['follow 0 a c']);
    expect(tasks(1, [first, second], known, running)).toEqual(['follow 0 a']);
    expect(tasks(1, [first, second, third], known)).toEqual(['follow 0 a b c']);
    expect(tasks(1, [{ ...first, phase: 'Copying' }, second, third], known, running)).toEqual([
      'follow 0 a b c',
    ]);
    const others: MoveTask[] = [{ kind: 'follow', source: 0, moves: [third] }];
    expect(tasks(1, [first, second], known, others)).toEqual(['follow 0 a b']);
  });

  it('has nothing to do where nothing moves', () => {
    expect(tasks(1, [])).toEqual([]);
  });
});
