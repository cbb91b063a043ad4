import { describe, expect, it } from '@jest/globals';
import { classifyFailure, GivenUpError, isReadOnlyRefusal, nameOfError } from './outcome.ts';

const failure = (errno: number | undefined, code: string) => Object.assign(new Error(code), { errno, code });

describe('classifyFailure', () => {
  it.each([
    ['a read-only server', failure(1290, 'ER_OPTION_PREVENTS_STATEMENT'), 'fail'],
    ['a deadlock', failure(1213, 'ER_LOCK_DEADLOCK'), 'fail'],
    ['a server that is being shut down', failure(1053, 'ER_SERVER_SHUTDOWN'), 'indeterminate'],
    ['a killed connection', failure(1927, 'ER_CONNECTION_KILLED'), 'indeterminate'],
    ['an interrupted statement', failure(1317, 'ER_QUERY_INTERRUPTED'), 'indeterminate'],
    ['a reset connection', failure(-104, 'ECONNRESET'), 'indeterminate'],
    ['a connection that ended', failure(undefined, 'PROTOCOL_CONNECTION_LOST'), 'indeterminate'],
    ['a time-out of the client', new GivenUpError('1000 ms'), 'indeterminate'],
  ])('takes the answer of %s rightly', (_, error, expected) => expect(classifyFailure(error)).toBe(expected));
});

describe('isReadOnlyRefusal', () => {
  it('knows the two', () => {
    expect([1290, 1836, 1205].map((errno) => isReadOnlyRefusal(failure(errno, 'x')))).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('nameOfError', () => {
  it('prefers the code', () => {
    expect(nameOfError(failure(1290, 'ER_X'))).toBe('ER_X');
    expect(nameOfError(new Error('said'))).toBe('said');
  });
});
