import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { silentLogger } from '../../runtime/logger.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { KnownAddresses } from './known-addresses.ts';

/** As `node:dns` tells that there was no answer, or none such. */
const failure = (code: string): Error => Object.assign(new Error(code), { code });

describe('KnownAddresses', () => {
  let clock: FakeClock;
  let questions: { name: string; answer: PromiseWithResolvers<string> }[];
  let addresses: KnownAddresses;

  beforeEach(() => {
    clock = new FakeClock();
    questions = [];
    addresses = new KnownAddresses({
      ask(name) {
        const answer = Promise.withResolvers<string>();
        questions.push({ name, answer });
        return answer.promise;
      },
      clock,
      logger: silentLogger,
    });
  });

  /** Asks, and says whether and how that has ended. */
  const find = (name: string): { ended: () => unknown } => {
    let ended: unknown = 'waits';
    addresses.find(name).then(
      (address) => (ended = address),
      (error: Error) => (ended = error.message),
    );
    return { ended: () => ended };
  };
  const answer = async (address: string): Promise<void> => {
    questions.at(-1)?.answer.resolve(address);
    await settle();
  };
  const fail = async (code: string): Promise<void> => {
    questions.at(-1)?.answer.reject(failure(code));
    await settle();
  };
  const know = async (name: string, address: string): Promise<void> => {
    const { ended } = find(name);
    await answer(address);
    expect(ended()).toBe(address);
  };

  it('waits for the first answer there ever is', async () => {
    const { ended } = find('a');
    await clock.advance(5000);
    expect(ended()).toBe('waits');
    await answer('10.0.0.1');
    expect(ended()).toBe('10.0.0.1');
  });

  it('tells why there is no first answer', async () => {
    const { ended } = find('a');
    await fail('ETIMEOUT');
    expect(ended()).toBe('ETIMEOUT');
  });

  it('asks each time, and believes an answer that comes in time', async () => {
    await know('a', '10.0.0.1');
    const { ended } = find('a');
    await clock.advance(199);
    expect(ended()).toBe('waits');
    await answer('10.0.0.2');
    expect(ended()).toBe('10.0.0.2');
    expect(clock.pending).toBe(0);
  });

  it('falls back to the last known address when an answer is slow, and takes that one over when it comes', async () => {
    await know('a', '10.0.0.1');
    const slow = find('a');
    await clock.advance(200);
    expect(slow.ended()).toBe('10.0.0.1');
    await answer('10.0.0.2');
    const next = find('a');
    await clock.advance(200);
    expect(next.ended()).toBe('10.0.0.2');
  });

  it('falls back at once when there will be no answer', async () => {
    await know('a', '10.0.0.1');
    const { ended } = find('a');
    await fail('ETIMEOUT');
    expect(ended()).toBe('10.0.0.1');
    expect(clock.pending).toBe(0);
  });

  it('asks one question about a name at a time, while many want it', async () => {
    await know('a', '10.0.0.1');
    const all = [find('a'), find('a'), find('b')];
    await clock.advance(300);
    const late = find('a');
    expect(questions.map(({ name }) => name)).toEqual(['a', 'a', 'b']);
    await clock.advance(200);
    expect([...all, late].map(({ ended }) => ended())).toEqual(['10.0.0.1', '10.0.0.1', 'waits', '10.0.0.1']);
  });

  it('forgets the address of a name that there is no more', async () => {
    await know('a', '10.0.0.1');
    const { ended } = find('a');
    await fail('ENOTFOUND');
    expect(ended()).toBe('ENOTFOUND');
    const after = find('a');
    await clock.advance(1000);
    expect(after.ended()).toBe('waits');
  });

  it('never takes an address for its former owner’s', async () => {
    await know('a', '10.0.0.1');
    await know('b', '10.0.0.1');
    const { ended } = find('a');
    await clock.advance(1000);
    expect(ended()).toBe('waits');
  });

  it('answers connections in the form they ask for', async () => {
    await know('a', '10.0.0.1');
    await know('b', 'fd00::1');
    const callback = jest.fn();
    addresses.lookup('a', { all: true }, callback);
    addresses.lookup('b', {}, callback);
    addresses.lookup('c', {}, callback);
    await fail('ETIMEOUT');
    await clock.advance(200);
    expect(callback.mock.calls).toEqual(
      expect.arrayContaining([
        [null, [{ address: '10.0.0.1', family: 4 }]],
        [null, 'fd00::1', 6],
        [expect.objectContaining({ code: 'ETIMEOUT' }), ''],
      ]),
    );
  });
});
