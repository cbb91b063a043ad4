import { describe, expect, it } from '@jest/globals';
import { type DefinitionResult, judgeDefinition } from './run-definition.ts';

const done = (place: string): DefinitionResult => ({ place, shard: 0, error: undefined });
const failed = (place: string, errno: number): DefinitionResult => ({
  place,
  shard: 0,
  error: { errno, sqlState: 'HY000', message: `error ${errno}` },
});

describe('a definition in many databases', () => {
  it('is done where all have it', () => {
    expect(judgeDefinition('CREATE', [done('a'), done('b')])).toEqual({ kind: 'done' });
  });

  it('is refused with the servers’ error where it changed nothing', () => {
    expect(judgeDefinition('CREATE', [failed('a', 1050), failed('b', 1050)])).toMatchObject({
      kind: 'refused',
      error: { errno: 1050 },
    });
    expect(judgeDefinition('CREATE', [failed('a', 1064), failed('b', 1064)])).toMatchObject({
      kind: 'refused',
      error: { errno: 1064 },
    });
  });

  it('is done when the rest follows: those that have it already do not count', () => {
    expect(judgeDefinition('CREATE', [failed('a', 1050), done('b')])).toEqual({ kind: 'done' });
  });

  it('tells how far it came', () => {
    const verdict = judgeDefinition('CREATE', [
      done('slot 1'),
      failed('slot 2', 1205),
      failed('slot 3', 1050),
    ]);
    expect(verdict).toMatchObject({ kind: 'partly' });
    expect(verdict.kind === 'partly' && verdict.message).toContain(
      'in 2 of 3 slots; it failed in slot 2: error 1205',
    );
    const mixed = judgeDefinition('CREATE', [done('slot 1'), failed('the unsharded tables', 1205)]);
    expect(mixed.kind === 'partly' && mixed.message).toContain(
      'in 1 of 2 databases; it failed in the unsharded tables: error 1205',
    );
  });

  it('takes nothing for done that the statement does not do', () => {
    expect(judgeDefinition('ALTER', [done('a'), failed('b', 1146)])).toMatchObject({ kind: 'partly' });
    expect(judgeDefinition('RENAME', [done('a'), failed('b', 1146)])).toEqual({ kind: 'done' });
    expect(judgeDefinition('DROP', [done('a'), failed('b', 1051)])).toEqual({ kind: 'done' });
    expect(judgeDefinition('TRUNCATE', [done('a'), failed('b', 1146)])).toMatchObject({ kind: 'partly' });
  });

  it('names a few of many', () => {
    const results = Array.from({ length: 20 }, (_result, index) => failed(`s${index}`, 1205));
    const verdict = judgeDefinition('CREATE', [done('a'), ...results]);
    expect(verdict.kind === 'partly' && verdict.message).toContain('and 15 more');
  });
});
