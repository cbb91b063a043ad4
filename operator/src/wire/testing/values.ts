/** Values of every type of the binary protocol. */
import * as fc from 'fast-check';
import { COLUMN_TYPE } from '../column-type.ts';
import type { ValueType, WireDateTime, WireTime, WireValue } from '../wire-value.ts';
import { bytes } from './packets.ts';

const T = COLUMN_TYPE;
const integer = (bits: number, unsigned: boolean): fc.Arbitrary<number> =>
  unsigned
    ? fc.integer({ min: 0, max: 2 ** bits - 1 })
    : fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });

const date = fc.record({
  kind: fc.constant('datetime' as const),
  year: fc.nat({ max: 9999 }),
  month: fc.nat({ max: 12 }),
  day: fc.nat({ max: 31 }),
  hour: fc.constant(0),
  minute: fc.constant(0),
  second: fc.constant(0),
  microsecond: fc.constant(0),
});
const dateTime: fc.Arbitrary<WireDateTime> = fc
  .tuple(
    date,
    fc.nat({ max: 23 }),
    fc.nat({ max: 59 }),
    fc.nat({ max: 59 }),
    fc.oneof(fc.constant(0), fc.nat({ max: 999_999 })),
  )
  .map(([day, hour, minute, second, microsecond]) => ({ ...day, hour, minute, second, microsecond }));

const time: fc.Arbitrary<WireTime> = fc
  .record({
    kind: fc.constant('time' as const),
    negative: fc.boolean(),
    days: fc.nat({ max: 34 }),
    hours: fc.nat({ max: 23 }),
    minutes: fc.nat({ max: 59 }),
    seconds: fc.nat({ max: 59 }),
    microseconds: fc.oneof(fc.constant(0), fc.nat({ max: 999_999 })),
  })
  // A zero has no sign on the wire.
  .map((value) =>
    value.days + value.hours + value.minutes + value.seconds + value.microseconds === 0
      ? { ...value, negative: false }
      : value,
  );

function valuesOf(type: number, unsigned: boolean): fc.Arbitrary<WireValue> {
  switch (type) {
    case T.tiny:
      return integer(8, unsigned);
    case T.short:
    case T.year:
      return integer(16, unsigned);
    case T.long:
    case T.int24:
      return integer(32, unsigned);
    case T.longlong:
      return unsigned
        ? fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
        : fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case T.float:
      return fc.float({ noNaN: true, noDefaultInfinity: true });
    case T.double:
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case T.date:
    case T.newDate:
      return date;
    case T.datetime:
    case T.timestamp:
      return dateTime;
    case T.time:
      return time;
    case T.null:
      return fc.constant(null);
    default:
      return bytes(300);
  }
}

/** A type, and a value of it, never NULL but for the type of NULL. */
export const typedValue: fc.Arbitrary<readonly [ValueType, WireValue]> = fc
  .tuple(fc.constantFrom(...Object.values(T)), fc.boolean())
  .chain(([type, unsigned]) => fc.tuple(fc.constant({ type, unsigned }), valuesOf(type, unsigned)));

/** The same, or NULL. */
export const nullableTypedValue: fc.Arbitrary<readonly [ValueType, WireValue]> = fc.oneof(
  { weight: 4, arbitrary: typedValue },
  { weight: 1, arbitrary: typedValue.map(([type]) => [type, null] as const) },
);
