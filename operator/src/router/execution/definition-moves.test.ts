import { describe, expect, it } from '@jest/globals';
import type { MovePhase } from '../../api/v1alpha1/index.ts';
import { aMove } from '../../api/v1alpha1/testing/moves.ts';
import { readMoves } from '../topology/moves.ts';
import { decideDefinitionMoves } from './definition-moves.ts';

describe('a definition of sharded tables while a slot moves', () => {
  it.each<[MovePhase, 'none' | 'wait' | 'endsReturn']>([
    ['Copying', 'wait'],
    ['Switching', 'wait'],
    ['Soaking', 'endsReturn'],
    ['Returning', 'wait'],
    ['Undoing', 'none'],
    ['Finishing', 'none'],
  ])('in %s: %s', (phase, kind) => {
    const moves = readMoves([aMove(phase)]);
    expect(decideDefinitionMoves(moves, { keyspace: 'app', databases: ['slots'] }).kind).toBe(kind);
    expect(decideDefinitionMoves(moves, { keyspace: 'app', databases: ['shared'] }).kind).toBe('none');
    expect(decideDefinitionMoves(moves, { keyspace: 'shop', databases: ['slots'] }).kind).toBe('none');
  });

  it('ends the return of a slot that was split, told once', () => {
    const split = aMove('Soaking', { to: 0, split: { at: '100', lower: 7, upper: 8 } });
    const found = decideDefinitionMoves(readMoves([split]), { keyspace: 'app', databases: ['slots'] });
    expect(found).toEqual({ kind: 'endsReturn', moves: [split] });
  });

  it('waits for one that copies, whatever the others do', () => {
    const moves = readMoves([aMove('Soaking'), aMove('Copying', { id: 'grow-2', slot: 6 })]);
    expect(
      decideDefinitionMoves(moves, { keyspace: 'app', databases: ['slots', 'unsharded'] }),
    ).toMatchObject({
      kind: 'wait',
      move: { slot: 6 },
    });
  });
});
