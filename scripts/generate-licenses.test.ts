import { describe, expect, it } from '@jest/globals';
import { isPermissive } from './generate-licenses.ts';

describe('isPermissive', () => {
  it.each(['MIT', '(MIT OR GPL-3.0-only)', 'MIT AND ISC', '(GPL-2.0 OR (MIT AND 0BSD))'])(
    'accepts %s',
    (expression) => expect(isPermissive(expression)).toBe(true),
  );

  it.each(['GPL-3.0-only', 'MIT AND GPL-3.0-only', 'UNKNOWN', 'SEE LICENSE IN file', ''])(
    'refuses %j',
    (expression) => expect(isPermissive(expression)).toBe(false),
  );
});
