import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { type ClaimIds, composeId, ID_EPOCH, IdGenerator, IDS_PER_MILLISECOND } from './id-generator.ts';

const never = new AbortController().signal;
const CLAIM_MILLISECONDS = 600_000;

/** Claims as the database records them. */
function createClaims(nodes = 4): ClaimIds {
  const ends = Array.from({ length: nodes }, () => 0);
  return async ({ now, preferred }) => {
    const free = ends.findIndex((end) => end <= now);
    const node = preferred ?? (free < 0 ? 0 : free);
    const from = Math.max(now, ends[node] ?? 0);
    ends[node] = from + CLAIM_MILLISECONDS;
    return { node, from, until: from + CLAIM_MILLISECONDS };
  };
}

describe('generated ids', () => {
  it('are composed of time, node and sequence, and fit a signed 64-bit integer', () => {
    expect(composeId(ID_EPOCH, 0, 0)).toBe(0n);
    expect(composeId(ID_EPOCH + 1, 2, 3)).toBe((1n << 22n) | (2n << 12n) | 3n);
    expect(composeId(ID_EPOCH + 2 ** 41 - 1, 1023, 4095)).toBe(2n ** 63n - 1n);
  });

  it('are unique over several generators whose clocks jump, and grow within each', async () => {
    const step = fc.record({
      generator: fc.nat(2),
      count: fc.integer({ min: 1, max: IDS_PER_MILLISECOND }),
      pass: fc.constantFrom(0, 0, 1, 10, 1000, CLAIM_MILLISECONDS),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.array(fc.nat(10_000), { minLength: 3, maxLength: 3 }),
        async (steps, offsets) => {
          const claimIds = createClaims();
          const clocks = offsets.map((offset) => new FakeClock(ID_EPOCH + offset));
          const generators = clocks.map((clock) => new IdGenerator(claimIds, clock));
          const taken: { readonly first: bigint; readonly end: bigint }[] = [];
          const last = [-1n, -1n, -1n];
          for (const { generator, count, pass } of steps) {
            await clocks[generator]?.advance(pass);
            const first = (await generators[generator]?.take(count, never)) ?? 0n;
            expect(first).toBeGreaterThan(last[generator] ?? 0n);
            last[generator] = first + BigInt(count - 1);
            taken.push({ first, end: first + BigInt(count) });
          }
          const sorted = taken.toSorted((one, other) => (one.first < other.first ? -1 : 1));
          const overlapping = sorted.filter(({ first }, index) => first < (sorted[index - 1]?.end ?? 0n));
          expect(overlapping).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('of statements that wait for one claim together are different', async () => {
    const requests: (() => void)[] = [];
    const claims = createClaims();
    const clock = new FakeClock();
    const generator = new IdGenerator(async (request, signal) => {
      await new Promise<void>((resolve) => requests.push(resolve));
      return claims(request, signal);
    }, clock);
    const taken = Promise.all(Array.from({ length: 100 }, () => generator.take(1, never)));
    await clock.advance(0);
    expect(requests).toHaveLength(1);
    requests[0]?.();
    expect(new Set(await taken).size).toBe(100);
    // What was claimed once is not used a second time after its end.
    await clock.advance(CLAIM_MILLISECONDS);
    const next = generator.take(1, never);
    await clock.advance(0);
    requests[1]?.();
    expect((await taken).includes(await next)).toBe(false);
  });

  it('are not waited for while a claim is renewed', async () => {
    let claimsMade = 0;
    const claims = createClaims();
    const clock = new FakeClock();
    const generator = new IdGenerator((request, signal) => {
      claimsMade += 1;
      return claims(request, signal);
    }, clock);
    await generator.take(1, never);
    await clock.advance(CLAIM_MILLISECONDS - 30_000);
    await generator.take(1, never);
    await clock.advance(0);
    expect(claimsMade).toBe(2);
  });

  it('are refused beyond what a millisecond holds', async () => {
    const generator = new IdGenerator(createClaims(), new FakeClock());
    await expect(generator.take(IDS_PER_MILLISECOND + 1, never)).rejects.toThrow(RangeError);
  });
});
