import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NO_HINT, readStatementHint } from './statement-hint.ts';

describe('a hint', () => {
  it.each([
    ['', {}],
    ['key=42', { key: { kind: 'number', text: '42' } }],
    ["key = 'it''s'", { key: { kind: 'string', bytes: Buffer.from("it's") } }],
    ['shard=1, consistency=ReadYourWrites', { shard: 1, consistency: 'ReadYourWrites' }],
    ['consistency=read_your_writes', { consistency: 'ReadYourWrites' }],
    ['consistency=eventual_fastest', { consistency: 'Eventual', fastest: true }],
    ['all_slots', { allowsKeylessWrites: true }],
  ])('%s', (text, expected) => {
    expect(readStatementHint(text)).toEqual({ ...NO_HINT, ...expected });
  });

  it.each([
    'key',
    'key=',
    'key=4x',
    "key='open",
    'shard=-1',
    'shard=99999',
    'consistency=Best',
    'all_slots=1',
    'colour=red',
    'key=1 shard=1',
    '__proto__',
    'constructor',
  ])('that is not understood is refused: %s', (text) => {
    expect(readStatementHint(text)).toMatchObject({ kind: 'refused', errno: 1064 });
  });

  it('of any text is read or refused, in time', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        const hint = readStatementHint(text);
        expect('kind' in hint || 'key' in hint).toBe(true);
      }),
    );
  });
});
