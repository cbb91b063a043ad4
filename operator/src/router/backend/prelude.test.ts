import { describe, expect, it } from '@jest/globals';
import { INITIAL_VARIABLES, withVariables } from '../session/session-variables.ts';
import type { Surroundings } from './backend-connection.ts';
import { planPrelude } from './prelude.ts';

const changed = withVariables(INITIAL_VARIABLES, [['time_zone', "'UTC'"]]);
const present = { database: 'a', variables: INITIAL_VARIABLES };

describe('planPrelude', () => {
  it.each<[string, Surroundings, string | null, readonly string[]]>([
    ['nothing is asked for', {}, null, []],
    ['all is so already', { database: 'a', variables: INITIAL_VARIABLES }, null, []],
    ['another database', { database: 'b' }, 'USE `b`;', ['database']],
    ['a name with a quote', { database: 'b`; DROP' }, 'USE `b``; DROP`;', ['database']],
    ['other variables', { variables: changed }, "SET SESSION time_zone='UTC';", ['variables']],
    ['statements before', { first: ['BEGIN', 'DO 1'] }, 'BEGIN;DO 1;', ['other', 'other']],
    ['no statements before', { first: [] }, null, []],
    [
      'everything: variables first, for they may concern what follows',
      { database: 'b', variables: changed, first: ['BEGIN'] },
      "SET SESSION time_zone='UTC';USE `b`;BEGIN;",
      ['variables', 'database', 'other'],
    ],
  ])('%s', (_case, wanted, text, kinds) => {
    const prelude = planPrelude(present, wanted);
    expect(prelude?.text ?? null).toBe(text);
    expect(prelude?.effects.map(({ kind }) => kind) ?? []).toEqual(kinds);
  });
});
