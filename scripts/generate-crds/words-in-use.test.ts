import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { REASONS } from '../../operator/src/api/v1alpha1/conditions.ts';
import { EVENT_REASONS } from '../../operator/src/api/v1alpha1/events.ts';
import { HOLD_WORDS, PHASE_WORDS, WARNING_WORDS } from '../../operator/src/api/v1alpha1/rebalance-words.ts';

const SOURCES = 'operator/src';

/** Everything that programs say: all sources but tests, and those that only declare the words. */
const said = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|testing\/|^api\//u.test(path))
  .map((path) => readFileSync(join(SOURCES, path), 'utf8'))
  .join('\n');

describe('docs/reference/conditions.md', () => {
  it.each([
    ['reasons', REASONS],
    ['events', EVENT_REASONS],
    ['phases', PHASE_WORDS],
    ['reasons of holds', HOLD_WORDS],
    ['warnings', WARNING_WORDS],
  ])('explains no %s that nothing says', (_, words) => {
    expect(Object.keys(words).filter((word) => !said.includes(`'${word}'`))).toEqual([]);
  });
});
