import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { formatLine, InvalidRequestError, type LauncherRequest, parseLauncherRequest } from './protocol.ts';

const start: LauncherRequest = {
  type: 'start',
  id: 7,
  program: '/usr/sbin/mariadbd',
  arguments: ['--datadir=/data', ''],
  environment: { PATH: '/usr/bin', EMPTY: '' },
  epoch: 3,
  role: 'primary',
};

const requests: readonly LauncherRequest[] = [
  { type: 'attach', id: 1, version: 1 },
  start,
  { type: 'assign', id: 8, pid: 12, epoch: 4, role: 'replica' },
  { type: 'kill', id: 2 },
  { type: 'status', id: 3 },
  { type: 'released', id: 4 },
];

function refusalOf(line: string): unknown {
  try {
    parseLauncherRequest(line);
    return null;
  } catch (error) {
    return error;
  }
}

describe('parseLauncherRequest', () => {
  it.each(requests)('reads back %j', (request) => {
    expect(parseLauncherRequest(formatLine(request))).toEqual(request);
  });

  it.each([
    ['no JSON', 'start it', null],
    ['a list', '[]', null],
    ['null', 'null', null],
    ['no id', '{"type":"kill"}', null],
    ['a broken id', '{"type":"kill","id":1.5}', null],
    ['an unknown type', '{"type":"restart","id":5}', 5],
    ['a relative program', JSON.stringify({ ...start, program: 'mariadbd' }), 7],
    ['a null character in the program', JSON.stringify({ ...start, program: '/bin/true\0' }), 7],
    ['arguments that are no list', JSON.stringify({ ...start, arguments: '--a' }), 7],
    ['an argument that is no text', JSON.stringify({ ...start, arguments: [1] }), 7],
    ['an argument with a null character', JSON.stringify({ ...start, arguments: ['a\0b'] }), 7],
    ['a variable that is no text', JSON.stringify({ ...start, environment: { A: 1 } }), 7],
    ['no environment', JSON.stringify({ ...start, environment: null }), 7],
    ['a negative epoch', JSON.stringify({ ...start, epoch: -1 }), 7],
    ['an epoch that is text', JSON.stringify({ ...start, epoch: '3' }), 7],
    ['no role', JSON.stringify({ ...start, role: '' }), 7],
    ['a role for no process', '{"type":"assign","id":8,"epoch":4,"role":"replica"}', 8],
    ['no role for a process', '{"type":"assign","id":8,"pid":12,"epoch":4}', 8],
    ['attach without a version', '{"type":"attach","id":1}', 1],
  ])('refuses %s', (_name, line, id) => {
    expect(() => parseLauncherRequest(line)).toThrow(expect.objectContaining({ code: 'InvalidRequest', id }));
  });

  it('never throws anything else, and never repeats what it was sent', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        const error = refusalOf(line);
        expect(error === null || error instanceof InvalidRequestError).toBe(true);
        expect(line.length > 20 && String(error).includes(line)).toBe(false);
      }),
    );
  });
});
