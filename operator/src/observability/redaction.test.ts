import { describe, expect, it } from '@jest/globals';
import { looksSecret, redact } from './redaction.ts';

describe('looksSecret', () => {
  it.each([
    'password',
    'db_password',
    'rootPassword',
    'accessToken',
    'client-secret',
    'Authorization',
    'tls.privateKey',
  ])('blanks %s', (name) => expect(looksSecret(name)).toBe(true));
  it.each(['secretName', 'tokens', 'key', 'passwordsGenerated', 'name', 'primary'])('keeps %s', (name) =>
    expect(looksSecret(name)).toBe(false),
  );
});

describe('redact', () => {
  it('blanks secrets at every level and leaves the rest', () => {
    expect(redact({ cluster: 'a', users: [{ name: 'app', password: 'hunter2' }] })).toEqual({
      cluster: 'a',
      users: [{ name: 'app', password: '[redacted]' }],
    });
  });

  it('blanks the user information of a URL inside a string', () => {
    expect(redact('connecting to mysql://app:hunter2@db:3306/x')).toBe(
      'connecting to mysql://[redacted]@db:3306/x',
    );
    expect(redact('https://db:3306/x')).toBe('https://db:3306/x');
  });

  it('tells an error with its code and cause', () => {
    const error = Object.assign(new Error('outer', { cause: new Error('inner') }), { code: 'Conflict' });
    expect(redact({ error })).toMatchObject({
      error: { name: 'Error', message: 'outer', code: 'Conflict', cause: { message: 'inner' } },
    });
  });

  it('ends on cycles, deep levels and values JSON lacks', () => {
    const cyclic: Record<string, unknown> = {
      big: 1n,
      when: new Date(0),
      never: new Date(Number.NaN),
      run: () => 1,
    };
    cyclic['self'] = cyclic;
    expect(redact(cyclic)).toEqual({
      big: '1',
      when: '1970-01-01T00:00:00.000Z',
      never: '[invalid date]',
      run: '[function]',
      self: '[circular]',
    });
    const deep = { a: { a: { a: { a: { a: { a: { a: 1 } } } } } } };
    expect(JSON.stringify(redact(deep))).toContain('[object]');
  });
});
