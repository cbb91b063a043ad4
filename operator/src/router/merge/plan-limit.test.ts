import { describe, expect, it } from '@jest/globals';
import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import { route } from '../routing/testing/routing-stage.ts';

const BOUND: readonly (readonly [name: string, literal: KeyLiteral, limit: number | null])[] = [
  ['a number', { kind: 'number', text: '3' }, 3],
  ['a double', { kind: 'double', value: 3 }, 3],
  ['a text, as drivers send numbers', { kind: 'string', bytes: Buffer.from('3') }, 3],
  ['more than there can be', { kind: 'number', text: '18446744073709551615' }, null],
];

const WRONG: readonly (readonly [name: string, literal: KeyLiteral])[] = [
  ['a text of something else', { kind: 'string', bytes: Buffer.from('3x') }],
  ['less than nothing', { kind: 'number', text: '-1' }],
  ['a part', { kind: 'double', value: 1.5 }],
  ['NULL', { kind: 'null' }],
];

describe('LIMIT over several slots', () => {
  it.each(BOUND)('bound to %s', (_name, literal, limit) => {
    expect(route('SELECT id FROM orders ORDER BY id LIMIT ?', { parameters: [literal] })).toMatchObject({
      kind: 'scatter',
      plan: { limit, offset: 0 },
    });
  });

  it.each(WRONG)('is not %s', (_name, literal) => {
    expect(route('SELECT id FROM orders ORDER BY id LIMIT ?', { parameters: [literal] })).toMatchObject({
      kind: 'refused',
      errno: 1235,
    });
  });

  it('is a number that the router has written out for a server', () => {
    expect(route('SELECT id FROM orders ORDER BY id LIMIT 2e0 OFFSET 1e0')).toMatchObject({
      kind: 'scatter',
      plan: { limit: 2, offset: 1 },
    });
  });
});
