import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { known } from '../measure.ts';
import type { SlaveStatus } from './slave-status.ts';
import { SourceSilence } from './source-silence.ts';

const heard = (receivedMark: string): SlaveStatus =>
  ({ receiving: { kind: 'running' }, receivedMark }) as SlaveStatus;

describe('SourceSilence', () => {
  it('lasts from the look that saw something new', async () => {
    const clock = new FakeClock();
    const silence = new SourceSilence(clock);
    expect(silence.measure(heard('a'))).toEqual(known(0));
    await clock.advance(450);
    expect(silence.measure(heard('b'))).toEqual(known(0));
    await clock.advance(450);
    expect(silence.measure(heard('b'))).toEqual(known(450));
    await clock.advance(100);
    expect(silence.measure(heard('b'))).toEqual(known(550));
    expect(silence.measure(heard('c'))).toEqual(known(0));
  });

  it('is unknown while nothing is received, and begins anew', async () => {
    const clock = new FakeClock();
    const silence = new SourceSilence(clock);
    silence.measure(heard('a'));
    await clock.advance(450);
    expect(silence.measure(undefined).kind).toBe('unknown');
    expect(silence.measure({ ...heard('a'), receiving: { kind: 'connecting' } }).kind).toBe('unknown');
    await clock.advance(450);
    expect(silence.measure(heard('a'))).toEqual(known(0));
  });
});
