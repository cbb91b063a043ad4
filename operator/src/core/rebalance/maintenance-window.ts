/** Whether slots may move at an instant, by the clocks of time zones. */

/** Days of the week, as `Intl` names them in English. */
type Weekday = 'Monday' | 'Tuesday' | 'Wednesday' | 'Thursday' | 'Friday' | 'Saturday' | 'Sunday';

/** A span of time that is repeated every day, or on some days of the week; `ShardedCluster.spec.rebalance.windows[]`. */
export interface MaintenanceWindow {
  /** Days on which it opens. @default every day */
  readonly days?: readonly Weekday[];
  /** `HH:MM` */
  readonly start: string;
  /** `HH:MM`; before `start` it is on the next day. Not equal to `start`. */
  readonly end: string;
  /** IANA name. */
  readonly timeZone: string;
}

/** Whether slots may move, and until when that holds. */
export interface WindowState {
  readonly isOpen: boolean;
  /** When that changes, in milliseconds since 1970; null where it does not within eight days. */
  readonly changesAt: number | null;
}

const MINUTE = 60_000;
const DAY_MINUTES = 24 * 60;

/** Clocks are put forward or back at a quarter of an hour of UTC, in every zone and year that is to come. */
const QUARTER = 15 * MINUTE;

/** Windows are repeated every week; a day more for changes of the clock. */
const HORIZON = 8 * DAY_MINUTES * MINUTE;

const DAYS: readonly Weekday[] = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
];

/** What a clock on the wall shows. */
interface WallClock {
  readonly day: Weekday;
  readonly minutes: number;
}

/**
 * Whether one of the windows is open at `instant` (milliseconds since 1970), which it is while a clock on the wall of its
 * zone shows a time from its start to before its end. So an hour that the clock skips is in no window, and one that it shows
 * twice is in it twice. Without windows it is always open.
 * @throws RangeError for a zone that is not known here.
 */
export function windowState(windows: readonly MaintenanceWindow[], instant: number): WindowState {
  if (windows.length === 0) {
    return { isOpen: true, changesAt: null };
  }
  const clocks = new Map(windows.map(({ timeZone }) => [timeZone, wallClockOf(timeZone)]));
  const look = (at: number): { readonly isOpen: boolean; readonly next: number } => {
    const read = new Map([...clocks].map(([timeZone, clock]) => [timeZone, clock(at)]));
    const shown = windows.flatMap((window) => {
      const wall = read.get(window.timeZone);
      return wall === undefined ? [] : [{ window, wall }];
    });
    const minutes = shown.map(({ window, wall }) => minutesToEdge(window, wall));
    const wholeMinute = at - (at % MINUTE);
    return {
      isOpen: shown.some(({ window, wall }) => isWithin(window, wall)),
      next: Math.min(at - (at % QUARTER) + QUARTER, wholeMinute + Math.min(...minutes) * MINUTE),
    };
  };
  const { isOpen, next } = look(instant);
  for (let at = next; at <= instant + HORIZON;) {
    const later = look(at);
    if (later.isOpen !== isOpen) {
      return { isOpen, changesAt: at };
    }
    at = later.next;
  }
  return { isOpen, changesAt: null };
}

function isWithin({ days, start, end }: MaintenanceWindow, { day, minutes }: WallClock): boolean {
  const [from, to] = [minutesOf(start), minutesOf(end)];
  const opensOn = (weekday: Weekday): boolean => days?.includes(weekday) ?? true;
  if (from < to) {
    return opensOn(day) && minutes >= from && minutes < to;
  }
  return (opensOn(day) && minutes >= from) || (opensOn(dayBefore(day)) && minutes < to);
}

/** Minutes until the clock shows the window's start or end, or midnight, if nobody touches it; at least one. */
function minutesToEdge({ start, end }: MaintenanceWindow, { minutes }: WallClock): number {
  const until = [minutesOf(start), minutesOf(end), 0].map(
    (edge) => (edge - minutes + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES,
  );
  return Math.min(...until);
}

function minutesOf(time: string): number {
  const [hours = '', minutes = ''] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

function dayBefore(day: Weekday): Weekday {
  return DAYS[(DAYS.indexOf(day) + DAYS.length - 1) % DAYS.length] ?? day;
}

function wallClockOf(timeZone: string): (instant: number) => WallClock {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'long',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (instant) => {
    const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, value]));
    const day = DAYS.find((name) => name === parts.get('weekday')) ?? 'Sunday';
    return { day, minutes: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
  };
}
