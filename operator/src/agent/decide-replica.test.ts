import { describe, expect, it } from '@jest/globals';
import { decide } from './decide.ts';
import type { Observation } from './observation.ts';
import { entry, following, error, stopped, summary } from './testing/decisions.ts';
import {
  aFollowing,
  aMember,
  anObservation,
  aRunning,
  OTHER_REPLICA,
  PRIMARY,
  REPLICA,
} from './testing/observations.ts';

const TABLE: readonly (readonly [string, Observation, string])[] = [
  [
    'replica, empty volume',
    anObservation({ volume: { kind: 'empty' } }),
    `clone: ${OTHER_REPLICA} ${PRIMARY}`,
  ],
  [
    'replica, clone cut short',
    anObservation({ volume: { kind: 'interrupted', step: 'clone' } }),
    `clone: ${OTHER_REPLICA} ${PRIMARY}`,
  ],
  [
    'replica, empty volume, no database on record',
    anObservation({ ...entry({ initialised: false }), volume: { kind: 'empty' } }),
    'wait: database',
  ],
  [
    'replica, strange files',
    anObservation({ volume: { kind: 'unrecognised', found: ['x'] } }),
    'wait: volume (VolumeUnrecognised)',
  ],
  [
    'replica, files of another version',
    anObservation({ volume: { kind: 'ready', origin: 'clone', engineVersion: '10.11.6-MariaDB' } }),
    'wait: volume (VolumeVersionMismatch)',
  ],
  ['replica, down', anObservation(), 'start: replica 3 none'],
  ['replica, up, not connected', aRunning(following, { hasSession: false, member: null }), 'connect'],
  ['replica, up, not looked at', aRunning(following, { member: null }), 'wait: observation'],
  ['replica, just booted', aRunning(aMember(), { salvaged: false }), 'salvage'],
  [
    'replica, just booted, with a source from before',
    aRunning(stopped('stopped', 'stopped'), { salvaged: false }),
    'salvage',
  ],
  [
    'replica, agent restarted beside replication at work',
    aRunning(following, { salvaged: false }),
    'wait: change',
  ],
  ['replica, not on record as acker', aRunning(aMember(), entry({ ackers: [] })), 'wait: acker'],
  ['replica, on record', aRunning(aMember()), `follow: ${PRIMARY}`],
  ['replica, stopped, on record', aRunning(stopped('stopped', 'stopped')), `follow: ${PRIMARY}`],
  ['replica, receiving failed', aRunning(stopped('failed', 'running')), `follow: ${PRIMARY}`],
  ['replica, applying failed', aRunning(stopped('running', 'failed')), 'wait: replication'],
  [
    'replica, source cannot be reached',
    aRunning(
      aMember({
        role: { kind: 'replica', following: aFollowing({ receiving: { kind: 'connecting', error } }) },
      }),
    ),
    'wait: change',
  ],
  [
    'replica, source refuses it, perhaps for its password',
    aRunning(
      aMember({
        role: { kind: 'replica', following: aFollowing({ receiving: { kind: 'connecting', error } }) },
      }),
      { passwordSuspected: true },
    ),
    `follow: ${PRIMARY}`,
  ],
  [
    'replica of a former primary',
    aRunning(
      aMember({
        role: { kind: 'replica', following: aFollowing({ source: { host: 'old.test', port: 3306 } }) },
      }),
    ),
    `follow: ${PRIMARY}`,
  ],
  ['replica, certificate renewed', aRunning(following, { certificatesCurrent: false }), 'reloadCertificates'],
  ['replica, retention due', aRunning(following, { retentionDue: true }), 'applyRetention'],
];

describe('the agent of a replica', () => {
  it.each(TABLE)('%s', (_situation, observation, expected) => {
    expect(summary(decide(observation))).toBe(expected);
  });

  it('asks the primary for a clone where there is no other replica', () => {
    const alone = entry({ replicas: [REPLICA] });
    expect(summary(decide(anObservation({ ...alone, volume: { kind: 'empty' } })))).toBe(`clone: ${PRIMARY}`);
  });
});
