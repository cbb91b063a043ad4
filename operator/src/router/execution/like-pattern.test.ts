import { describe, expect, it } from '@jest/globals';
import { readFieldList } from './field-list.ts';
import { likePattern } from './like-pattern.ts';

describe('a pattern of LIKE', () => {
  it.each([
    ['na%', 'NAME', true],
    ['na%', 'a name', false],
    ['n_me', 'name', true],
    ['n_me', 'nme', false],
    ['a\\_b', 'a_b', true],
    ['a\\_b', 'axb', false],
    ['a.c', 'abc', false],
    ['(x', '(x', true],
  ])('%s and %s: %s', (pattern, name, expected) => {
    expect(likePattern(pattern).test(name)).toBe(expected);
  });
});

describe('COM_FIELD_LIST', () => {
  it.each([
    ['\u0004users', { table: 'users', wildcard: '' }],
    ['\u0004users\0', { table: 'users', wildcard: '' }],
    ['\u0004users\0na%', { table: 'users', wildcard: 'na%' }],
  ])('%j names a table and a pattern', (payload, expected) => {
    expect(readFieldList(Buffer.from(payload))).toEqual(expected);
  });
});
