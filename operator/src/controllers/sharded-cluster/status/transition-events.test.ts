import { describe, expect, it } from '@jest/globals';
import type { Condition } from '../../../api/v1alpha1/index.ts';
import { aCondition } from '../testing/builders.ts';
import { transitionEvents } from './transition-events.ts';

const ready = aCondition('Ready', 'True', 'AllShardsReady');
const waiting = aCondition('Ready', 'False', 'WaitingForPods');
const lost = aCondition('Ready', 'False', 'PrimaryUnavailable');
const suspended = aCondition('Ready', 'Unknown', 'Suspended');
const hibernated = [
  aCondition('Ready', 'False', 'Hibernated'),
  aCondition('Progressing', 'False', 'Hibernated'),
];

describe('transitionEvents', () => {
  it.each<[string, Condition[], Condition[], string[]]>([
    ['the first status', [], [waiting], []],
    ['becoming ready', [waiting], [ready], ['Normal/ClusterReady']],
    ['staying ready', [ready], [ready], []],
    ['growing: a shard that was added is not there yet', [ready], [waiting], []],
    ['losing something', [ready], [lost], ['Warning/ClusterDegraded']],
    ['suspension', [ready], [suspended], ['Normal/Suspended']],
    ['the end of suspension', [suspended], [ready], ['Normal/Resumed', 'Normal/ClusterReady']],
    ['hibernation', [ready], hibernated, ['Normal/Hibernated']],
    ['waking up', hibernated, [waiting], ['Normal/WokenUp']],
    [
      'a conflict',
      [ready],
      [
        aCondition('Ready', 'False', 'ConflictingObject'),
        aCondition('Degraded', 'True', 'ConflictingObject'),
      ],
      ['Warning/ObjectConflict'],
    ],
    [
      'a conflict that lasts',
      [aCondition('Degraded', 'True', 'ConflictingObject')],
      [aCondition('Degraded', 'True', 'ConflictingObject')],
      [],
    ],
    [
      'a promotion that is blocked',
      [aCondition('FailoverBlocked', 'False', 'NotBlocked')],
      [aCondition('FailoverBlocked', 'True', 'AckersUnreachable')],
      ['Warning/FailoverBlocked'],
    ],
    [
      'a promotion that stays blocked',
      [aCondition('FailoverBlocked', 'True', 'AckersUnreachable')],
      [aCondition('FailoverBlocked', 'True', 'AckersUnreachable')],
      [],
    ],
    ['deletion', [ready], [aCondition('Ready', 'False', 'Deleting')], []],
  ])('%s', (_, before, after, expected) => {
    expect(transitionEvents(before, after).map(({ type, reason }) => `${type}/${reason}`)).toEqual(expected);
  });
});
