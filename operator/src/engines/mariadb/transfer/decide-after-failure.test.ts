import { describe, expect, it } from '@jest/globals';
import { EngineError } from '../../engine-error.ts';
import { decideAfterFailure, type RunManner } from './decide-after-failure.ts';
import { PacketTooLarge, RowsRefused } from './replay-session.ts';
import { StoppedWithin } from './tail-run.ts';

const FRESH: RunManner = { apart: false, largePackets: false, failures: 0 };

function refused(errno: number, ...databases: readonly string[]): RowsRefused {
  const cause = new EngineError('ServerError', `${errno}`, { cause: { errno } });
  return new RowsRefused(cause, new Set(databases));
}

describe('decideAfterFailure', () => {
  it('repeats refused rows apart, to learn whose they are', () => {
    expect(decideAfterFailure(refused(1062, 'a', 'b'), FRESH, false)).toMatchObject({
      kind: 'again',
      manner: { apart: true, failures: 1 },
      stopped: new Set(),
    });
  });

  it('goes on without the database whose rows are refused a second time', () => {
    expect(
      decideAfterFailure(refused(1062, 'a'), { ...FRESH, apart: true, failures: 1 }, false),
    ).toMatchObject({
      kind: 'again',
      manner: FRESH,
      stopped: new Set(['a']),
    });
  });

  it.each([1020, 1205, 1213])('waits for the lock of error %d to go, a little longer each time', (errno) => {
    const decisions = [0, 1, 2, 3, 4].map((failures) =>
      decideAfterFailure(refused(errno, 'a'), { ...FRESH, apart: true, failures }, false),
    );
    expect(decisions.map((decision) => (decision.kind === 'again' ? decision.delayMilliseconds : 0))).toEqual(
      [20, 40, 80, 160, 320],
    );
    expect(decisions.every((decision) => decision.kind === 'again' && decision.stopped.size === 0)).toBe(
      true,
    );
    expect(decideAfterFailure(refused(errno), { ...FRESH, failures: 5 }, false)).toEqual({ kind: 'end' });
    expect(decideAfterFailure(refused(errno), { ...FRESH, failures: 5 }, true)).toMatchObject({
      kind: 'again',
      manner: { failures: 1 },
    });
  });

  it('takes large packets where rows need them, once', () => {
    expect(decideAfterFailure(new PacketTooLarge(9), FRESH, false)).toMatchObject({
      manner: { largePackets: true },
    });
    expect(decideAfterFailure(new PacketTooLarge(9), { ...FRESH, largePackets: true }, false)).toEqual({
      kind: 'end',
    });
  });

  it('begins again behind a transaction in which a database was stopped, and beside another tail', () => {
    expect(decideAfterFailure(new StoppedWithin(), FRESH, false).kind).toBe('again');
    expect(decideAfterFailure(new EngineError('Busy', ''), FRESH, false).kind).toBe('again');
  });

  it.each([
    'SourceLost',
    'PositionLost',
    'Unreachable',
    'Refused',
    'AccessDenied',
    'UnreadableFiles',
  ] as const)('ends with %s', (code) => {
    expect(decideAfterFailure(new EngineError(code, ''), FRESH, false)).toEqual({ kind: 'end' });
  });

  it('ends with what is no error of an engine', () => {
    expect(decideAfterFailure(new TypeError('a bug'), FRESH, false)).toEqual({ kind: 'end' });
  });
});
