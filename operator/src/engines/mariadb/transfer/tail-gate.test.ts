import { describe, expect, it } from '@jest/globals';
import { parseGtidList } from '../gtid.ts';
import { TailGate } from './tail-gate.ts';

const gtid = (sequence: number) => ({ domain: 0, server: 1, sequence: BigInt(sequence) });
const at = (sequence: number) => parseGtidList(`0-1-${sequence}`);
const signal = new AbortController().signal;

/** Whether a promise has settled, after everything that was ready has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('TailGate', () => {
  it('admits everything until it is held', async () => {
    const gate = new TailGate();
    expect(gate.admits(gtid(5))).toBe(true);
    gate.rest(at(4));
    const release = await gate.hold(signal);
    expect(gate.admits(gtid(5))).toBe(false);
    release();
    expect(gate.admits(gtid(5))).toBe(true);
  });

  it('is held when the tail is at rest, and not before', async () => {
    const gate = new TailGate();
    const hold = gate.hold(signal);
    expect(await isSettled(hold)).toBe(false);
    gate.rest(at(4));
    expect(await isSettled(hold)).toBe(true);
  });

  it('lets the tail go on up to a position, and tells when it is there', async () => {
    const gate = new TailGate();
    gate.rest(at(4));
    await gate.hold(signal);
    const admission = gate.admission(gtid(5), signal);
    const advance = gate.advance(at(6), signal);
    await admission;
    gate.unrest();
    expect([gate.admits(gtid(6)), gate.admits(gtid(7))]).toEqual([true, false]);
    gate.rest(at(5));
    expect(await isSettled(advance)).toBe(false);
    gate.rest(at(6));
    await advance;
    expect(gate.admits(gtid(6))).toBe(false);
  });

  it('has nothing to wait for at the position itself', async () => {
    const gate = new TailGate();
    gate.rest(at(4));
    await gate.hold(signal);
    await expect(gate.advance(at(4), signal)).resolves.toBeUndefined();
  });

  it('does not go back', async () => {
    const gate = new TailGate();
    gate.rest(at(4));
    await gate.hold(signal);
    await expect(gate.advance(at(3), signal)).rejects.toMatchObject({ code: 'Refused' });
    await expect(gate.advance(parseGtidList('0-2-4'), signal)).rejects.toMatchObject({ code: 'Refused' });
  });

  it('refuses a position that the source passes without stopping there', async () => {
    const gate = new TailGate();
    gate.rest(at(4));
    await gate.hold(signal);
    const advance = gate.advance(at(6), signal);
    void gate.admission(gtid(8), signal);
    await expect(advance).rejects.toMatchObject({ code: 'Refused' });
  });

  it('is held by one at a time', async () => {
    const gate = new TailGate();
    gate.rest(at(4));
    const release = await gate.hold(signal);
    const second = gate.hold(signal);
    expect(await isSettled(second)).toBe(false);
    release();
    await second;
    expect(gate.admits(gtid(5))).toBe(false);
  });

  it('is free again when whoever wanted to hold it has given up', async () => {
    const gate = new TailGate();
    const stop = new AbortController();
    const hold = gate.hold(stop.signal);
    stop.abort(new Error('given up'));
    await expect(hold).rejects.toThrow('given up');
    expect(gate.admits(gtid(5))).toBe(true);
    gate.rest(at(4));
    await gate.hold(signal);
  });

  it('tells who holds it that the tail has ended', async () => {
    const gate = new TailGate();
    gate.rest(at(4));
    await gate.hold(signal);
    const advance = gate.advance(at(6), signal);
    gate.fail(new Error('the end'));
    await expect(advance).rejects.toThrow('the end');
    await expect(gate.advance(at(9), signal)).rejects.toThrow('the end');
  });
});
