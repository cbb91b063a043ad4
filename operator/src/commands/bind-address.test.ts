import { describe, expect, it } from '@jest/globals';
import { parseBindAddress } from './bind-address.ts';

describe('parseBindAddress', () => {
  it.each([
    [':8080', { port: 8080 }],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['localhost:65535', { host: 'localhost', port: 65_535 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    ['0', undefined],
  ])('reads %s', (text, expected) => expect(parseBindAddress(text)).toEqual(expected));

  it.each(['', '8080', ':', ':65536', '::1:8080', '[nonsense]:80', 'host:port', '[::1]', ':-1'])(
    'refuses %j',
    (text) => expect(() => parseBindAddress(text)).toThrow(TypeError),
  );
});
