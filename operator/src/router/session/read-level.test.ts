import { describe, expect, it } from '@jest/globals';
import type { ConsistencyLevel } from '../../api/v1alpha1/index.ts';
import type { Access } from '../routing/route.ts';
import { decideReadLevel } from './read-level.ts';

const READ: Access = { mode: 'read', primaryBecause: null, consistency: null, leastConsistency: null };

const CASES: readonly [
  name: string,
  access: Partial<Access>,
  wished: ConsistencyLevel | null,
  byDefault: ConsistencyLevel,
  level: ConsistencyLevel,
][] = [
  ['the default', {}, null, 'Eventual', 'Eventual'],
  ['the session’s before the default', {}, 'ReadYourWrites', 'Strong', 'ReadYourWrites'],
  ['the tables’ before the default', { consistency: 'Eventual' }, null, 'Strong', 'Eventual'],
  [
    'the session’s where it is stricter than the tables’',
    { consistency: 'Eventual' },
    'Strong',
    'Strong',
    'Strong',
  ],
  [
    'the tables’ where it is stricter than the session’s',
    { consistency: 'Strong' },
    'Eventual',
    'Eventual',
    'Strong',
  ],
  ['that of some tables where it is stricter', { leastConsistency: 'Strong' }, null, 'Eventual', 'Strong'],
  [
    'the default where it is stricter than that of some tables',
    { leastConsistency: 'Eventual' },
    null,
    'Strong',
    'Strong',
  ],
  [
    'that of some tables before the session’s',
    { leastConsistency: 'ReadYourWrites' },
    'Eventual',
    'Strong',
    'ReadYourWrites',
  ],
  [
    'the hint’s before all others',
    { consistency: 'Eventual', hinted: { fastest: false } },
    'Strong',
    'Strong',
    'Eventual',
  ],
];

describe('the level of a read', () => {
  it.each(CASES)('%s', (_name, access, wished, byDefault, level) => {
    expect(decideReadLevel({ ...READ, ...access }, wished, byDefault)).toBe(level);
  });
});
