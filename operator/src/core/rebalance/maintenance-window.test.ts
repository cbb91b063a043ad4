import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type MaintenanceWindow, windowState } from './maintenance-window.ts';

const NIGHT: MaintenanceWindow = { start: '22:30', end: '05:00', timeZone: 'Europe/Berlin' };

const at = (text: string): number => Date.parse(text);

function stateAt(windows: readonly MaintenanceWindow[], time: string) {
  const { isOpen, changesAt } = windowState(windows, at(time));
  return { isOpen, changesAt: changesAt === null ? null : new Date(changesAt).toISOString().slice(0, 16) };
}

describe('maintenance windows', () => {
  it('are always open where there are none', () => {
    expect(windowState([], 0)).toEqual({ isOpen: true, changesAt: null });
  });

  it.each([
    ['before', '2026-01-10T21:29:59Z', false, '2026-01-10T21:30'],
    ['at the start', '2026-01-10T21:30:00Z', true, '2026-01-11T04:00'],
    ['past midnight', '2026-01-11T03:59:59.999Z', true, '2026-01-11T04:00'],
    ['at the end', '2026-01-11T04:00:00Z', false, '2026-01-11T21:30'],
    ['in summer, when clocks are an hour ahead', '2026-07-10T20:30:00Z', true, '2026-07-11T03:00'],
  ])('are by the clock of their zone: %s', (_, time, isOpen, changesAt) => {
    expect(stateAt([NIGHT], time)).toEqual({ isOpen, changesAt });
  });

  it('belong to the day on which they open', () => {
    const saturdays = [{ ...NIGHT, days: ['Saturday'] as const }];
    // 2026-01-10 is a Saturday.
    expect(stateAt(saturdays, '2026-01-10T02:00:00Z')).toEqual({
      isOpen: false,
      changesAt: '2026-01-10T21:30',
    });
    expect(stateAt(saturdays, '2026-01-11T02:00:00Z')).toEqual({
      isOpen: true,
      changesAt: '2026-01-11T04:00',
    });
    expect(stateAt(saturdays, '2026-01-11T22:00:00Z')).toEqual({
      isOpen: false,
      changesAt: '2026-01-17T21:30',
    });
  });

  it('that meet are one', () => {
    const day = { start: '05:00', end: '22:30', timeZone: 'Europe/Berlin' };
    expect(stateAt([NIGHT, day], '2026-01-10T12:00:00Z')).toEqual({ isOpen: true, changesAt: null });
  });

  it('end when the clock goes forward past their end', () => {
    // Berlin, 29 March 2026: 02:00 is followed by 03:00, at 01:00 UTC.
    const window = { start: '01:00', end: '02:30', timeZone: 'Europe/Berlin' };
    expect(stateAt([window], '2026-03-29T00:30:00Z')).toEqual({
      isOpen: true,
      changesAt: '2026-03-29T01:00',
    });
    const skipped = { start: '02:00', end: '03:00', timeZone: 'Europe/Berlin' };
    expect(stateAt([skipped], '2026-03-28T12:00:00Z')).toEqual({
      isOpen: false,
      changesAt: '2026-03-30T00:00',
    });
    const after = { start: '03:00', end: '04:00', timeZone: 'Europe/Berlin' };
    expect(stateAt([after], '2026-03-29T00:59:00Z')).toEqual({
      isOpen: false,
      changesAt: '2026-03-29T01:00',
    });
  });

  it('open again when the clock goes back into them', () => {
    // Berlin, 25 October 2026: 03:00 is followed by 02:00, at 01:00 UTC.
    const window = { start: '02:00', end: '02:30', timeZone: 'Europe/Berlin' };
    expect(stateAt([window], '2026-10-25T00:10:00Z')).toEqual({
      isOpen: true,
      changesAt: '2026-10-25T00:30',
    });
    expect(stateAt([window], '2026-10-25T00:40:00Z')).toEqual({
      isOpen: false,
      changesAt: '2026-10-25T01:00',
    });
    expect(stateAt([window], '2026-10-25T01:10:00Z')).toEqual({
      isOpen: true,
      changesAt: '2026-10-25T01:30',
    });
  });

  it('know zones that are half an hour apart, and change by half an hour', () => {
    const window = { start: '09:00', end: '10:00', timeZone: 'Asia/Kolkata' };
    expect(stateAt([window], '2026-01-10T03:30:00Z')).toEqual({
      isOpen: true,
      changesAt: '2026-01-10T04:30',
    });
    // Lord Howe, 4 October 2026: 02:00 is followed by 02:30, at 15:30 UTC of the day before.
    const howe = { start: '02:15', end: '02:45', timeZone: 'Australia/Lord_Howe' };
    expect(stateAt([howe], '2026-10-03T15:00:00Z')).toEqual({ isOpen: false, changesAt: '2026-10-03T15:30' });
  });

  it('refuse a zone that is not known', () => {
    expect(() => windowState([{ ...NIGHT, timeZone: 'Europe/Atlantis' }], 0)).toThrow(RangeError);
  });

  it('stay as they are until the change they tell of, and change then', () => {
    const clock = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map(([hours, minutes]) => `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`);
    const window = fc
      .record({
        start: clock,
        end: clock,
        timeZone: fc.constantFrom('UTC', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'),
      })
      .filter(({ start, end }) => start !== end);
    fc.assert(
      fc.property(
        fc.array(window, { minLength: 1, maxLength: 3 }),
        fc.date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (windows, date, part) => {
          const { isOpen, changesAt } = windowState(windows, date.getTime());
          fc.pre(changesAt !== null);
          const between = date.getTime() + Math.floor(part * (changesAt - date.getTime()));
          expect(changesAt).toBeGreaterThan(date.getTime());
          expect(windowState(windows, Math.min(between, changesAt - 1)).isOpen).toBe(isOpen);
          expect(windowState(windows, changesAt).isOpen).toBe(!isOpen);
        },
      ),
    );
  });
});
