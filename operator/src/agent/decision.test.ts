import { describe, expect, it } from '@jest/globals';
import { type Decision, needsConfirmation, trustsNews } from './decision.ts';
import { acknowledgedBy, aMember, aRunning, REPLICA } from './testing/observations.ts';

const open: Decision = { kind: 'openWrites', epoch: 4 };
const ready = aMember(acknowledgedBy(1));

describe('a map that the watch has just brought', () => {
  it.each<readonly [string, Decision, Parameters<typeof trustsNews>[1], boolean]>([
    ['to follow', { kind: 'follow', primary: REPLICA }, aRunning(ready), true],
    [
      'to begin a promotion',
      { kind: 'promote', epoch: 4, acknowledgement: 'oneReplica' },
      aRunning(ready),
      true,
    ],
    ['to open who was made ready', open, aRunning(ready, { preparedFor: 4 }), true],
    [
      'to open them once somebody acknowledges',
      { ...open, awaitsReplica: true },
      aRunning(aMember(acknowledgedBy(0)), { preparedFor: 4 }),
      true,
    ],
    ['not to open who was made ready for another epoch', open, aRunning(ready, { preparedFor: 3 }), false],
    ['not to open whose commits wait for nobody', open, aRunning(aMember(), { preparedFor: 4 }), false],
    ['not to open anybody else', open, aRunning(ready), false],
    [
      'not to start a server',
      { kind: 'start', order: { role: 'replica', epoch: 4, acknowledgement: 'none' } },
      aRunning(ready),
      false,
    ],
  ])('suffices %s', (_, decision, observation, expected) => {
    expect(needsConfirmation(decision)).toBe(true);
    expect(trustsNews(decision, observation)).toBe(expected);
  });
});
