import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '../../runtime/logger.ts';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { anObservation, aShard, PODS } from '../testing/observations.ts';
import type { SendCommand } from './fence-members.ts';
import { Restart } from './restart-primary.ts';

const [PRIMARY] = PODS;

describe('the order to start a primary again', () => {
  it('is given once the replicas have had the time to say that they hold everything, and repeated', async () => {
    const clock = new FakeClock();
    const sent: string[] = [];
    const send = async (pod: string, request: object): Promise<unknown> => {
      sent.push(`${pod} ${JSON.stringify(request)}`);
      throw new Error('the network is down');
    };
    const restart = new Restart({ send: send as SendCommand, clock, logger: silentLogger });
    const troubledFor = (troubledMilliseconds: number) =>
      restart.proceed(anObservation(aShard(), [], { troubledMilliseconds }), PRIMARY);
    troubledFor(599);
    expect(sent).toEqual([]);
    troubledFor(600);
    troubledFor(650);
    expect(sent).toEqual([`${PRIMARY} {"command":"restartPrimary","epoch":3}`]);
    await clock.advance(1000);
    troubledFor(1650);
    expect(sent).toHaveLength(2);
  });
});
