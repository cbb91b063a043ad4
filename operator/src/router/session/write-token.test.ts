import { describe, expect, it } from '@jest/globals';
import { EMPTY_TOKEN, formatWriteToken, hasReached, readWriteToken, withWrite } from './write-token.ts';

describe('what a session has written', () => {
  it('is read from a list of GTIDs and written as one', () => {
    const token = readWriteToken('0-1-1234, 1-1001-55');
    expect(formatWriteToken(token ?? EMPTY_TOKEN)).toBe('0-1-1234,1-1001-55');
  });

  it.each(['0-1', 'x', '0-1-2;DROP', '-1-1-1'])('refuses what is none: %s', (text) => {
    expect(readWriteToken(text)).toBeUndefined();
  });

  it('grows and never goes back', () => {
    const token = withWrite(withWrite(EMPTY_TOKEN, '0-1-5'), '0-2-4');
    expect(formatWriteToken(token)).toBe('0-1-5');
    expect(formatWriteToken(withWrite(token, '0-2-18446744073709551615'))).toBe('0-2-18446744073709551615');
  });

  it('is reached by a server at or past it, whoever was the primary', () => {
    const token = withWrite(EMPTY_TOKEN, '0-1-5');
    expect(hasReached(withWrite(EMPTY_TOKEN, '0-2-5'), token, 0)).toBe(true);
    expect(hasReached(withWrite(EMPTY_TOKEN, '0-1-4'), token, 0)).toBe(false);
    expect(hasReached(EMPTY_TOKEN, token, 0)).toBe(false);
    expect(hasReached(EMPTY_TOKEN, token, 1)).toBe(true);
  });
});
