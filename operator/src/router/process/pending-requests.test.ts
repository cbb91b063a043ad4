import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { PendingRequests } from './pending-requests.ts';

describe('requests to another process', () => {
  it('get their own answers, in any order', async () => {
    const requests = new PendingRequests<string>(new FakeClock(), 1000);
    const sent: number[] = [];
    const one = requests.ask((request) => sent.push(request), 'none');
    const two = requests.ask((request) => sent.push(request), 'none');
    requests.answer(sent[1] ?? 0, 'two');
    requests.answer(sent[0] ?? 0, 'one');
    expect(await Promise.all([one, two])).toEqual(['one', 'two']);
  });

  it('are given up after a while, and a late answer is nobody’s', async () => {
    const clock = new FakeClock();
    const requests = new PendingRequests<string>(clock, 1000);
    const answer = requests.ask(() => {}, 'none');
    await clock.advance(1000);
    expect(await answer).toBe('none');
    requests.answer(1, 'late');
    expect(clock.pending).toBe(0);
  });
});
