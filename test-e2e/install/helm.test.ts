import { describe, expect, it } from '@jest/globals';
import { imageValues, setOptions } from './helm.ts';

describe('imageValues', () => {
  it.each([
    ['localhost/shardwright:abc', 'localhost/shardwright', 'abc'],
    ['localhost:5000/shardwright:abc', 'localhost:5000/shardwright', 'abc'],
  ])('splits %s', (reference, repository, tag) =>
    expect(imageValues(reference)).toEqual({ 'image.repository': repository, 'image.tag': tag }),
  );

  it.each(['shardwright', 'localhost:5000/shardwright'])('refuses %s', (reference) =>
    expect(() => imageValues(reference)).toThrow('has no tag'),
  );
});

describe('setOptions', () => {
  it('keeps text that looks like a number text', () => {
    expect(setOptions({ 'image.tag': '123', replicas: 2 })).toEqual([
      '--set-string',
      'image.tag=123',
      '--set',
      'replicas=2',
    ]);
  });
});
