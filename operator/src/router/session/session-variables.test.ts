import { describe, expect, it } from '@jest/globals';
import {
  INITIAL_VARIABLES,
  planReplay,
  textLiteral,
  variableLiteral,
  withVariables,
} from './session-variables.ts';

describe('variables of a session', () => {
  const strict = withVariables(INITIAL_VARIABLES, [['sql_mode', "'STRICT_ALL_TABLES'"]]);
  const zoned = withVariables(strict, [
    ['time_zone', "'+00:00'"],
    ['@counter', '5'],
  ]);

  it.each([
    ['nothing to do', strict, strict, null],
    [
      'from a fresh connection',
      INITIAL_VARIABLES,
      zoned,
      "SET @`counter`=5,SESSION sql_mode='STRICT_ALL_TABLES',SESSION time_zone='+00:00'",
    ],
    ['only what differs', strict, zoned, "SET @`counter`=5,SESSION time_zone='+00:00'"],
    ['back to defaults', zoned, strict, 'SET @`counter`=NULL,SESSION time_zone=DEFAULT'],
    ['to a fresh connection', strict, INITIAL_VARIABLES, 'SET SESSION sql_mode=DEFAULT'],
  ])('are replayed: %s', (_name, from, to, expected) => {
    expect(planReplay(from, to)).toBe(expected);
  });

  it('are one state whatever the order they were set in', () => {
    const one = withVariables(INITIAL_VARIABLES, [
      ['a', '1'],
      ['b', '2'],
    ]);
    const other = withVariables(withVariables(INITIAL_VARIABLES, [['b', '2']]), [['a', '1']]);
    expect(one.key).toBe(other.key);
  });

  it('quote the names of user variables', () => {
    expect(planReplay(INITIAL_VARIABLES, withVariables(INITIAL_VARIABLES, [['@a`b', 'NULL']]))).toBe(
      'SET @`a``b`=NULL',
    );
  });

  it.each([
    ['max_statement_time', '5.000000', '5.000000'],
    ['sql_mode', '', "''"],
    ['character_set_results', '', 'NULL'],
    ['time_zone', '+00:00', "'+00:00'"],
  ])('have literals: %s=%s', (name, value, expected) => {
    expect(variableLiteral(name, value)).toBe(expected);
  });

  it.each(["it's", 'back\\slash', 'ü'])('never let text out of its literal: %s', (value) => {
    expect(textLiteral(value)).toBe(`CONVERT(0x${Buffer.from(value).toString('hex')} USING utf8mb4)`);
  });
});
