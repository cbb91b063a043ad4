import { describe, expect, it } from '@jest/globals';
import type { Server, ShardServers } from '../topology/servers.ts';
import { decideReadServer, type ReadRequest, type ReplicaState } from './read-server.ts';
import { EMPTY_TOKEN, readWriteToken, type WriteToken } from './write-token.ts';

const server = (pod: string): Server => ({ pod, shard: 1, host: pod, port: 3306, serverName: pod });
const servers: ShardServers = {
  number: 1,
  name: 'demo-shard-1',
  epoch: 1,
  primary: server('p'),
  replicas: [server('a'), server('b')],
};
const token = (text: string): WriteToken => readWriteToken(text) ?? EMPTY_TOKEN;
const fit: ReplicaState = {
  isHealthy: true,
  lagMilliseconds: 20,
  position: token('1-1-100'),
  responseMilliseconds: 2,
};

const CASES: readonly [
  name: string,
  request: Partial<ReadRequest>,
  pod: string | undefined,
  reason: string,
][] = [
  ['strong reads go to the primary', { level: 'Strong' }, 'p', 'StrongRead'],
  ['eventual reads go round', { turn: 0 }, 'a', 'NextReplica'],
  ['eventual reads go round, and on', { turn: 3 }, 'b', 'NextReplica'],
  [
    'the fastest on request',
    {
      fastest: true,
      states: new Map([
        ['a', fit],
        ['b', { ...fit, responseMilliseconds: 1 }],
      ]),
    },
    'b',
    'FastestReplica',
  ],
  [
    'a replica that lags is left out',
    {
      states: new Map([
        ['a', { ...fit, lagMilliseconds: 5000 }],
        ['b', fit],
      ]),
    },
    'b',
    'NextReplica',
  ],
  [
    'a replica whose lag is unknown is left out',
    {
      states: new Map([
        ['a', { ...fit, lagMilliseconds: null }],
        ['b', fit],
      ]),
    },
    'b',
    'NextReplica',
  ],
  [
    'a replica with an error is left out',
    {
      states: new Map([
        ['a', { ...fit, isHealthy: false }],
        ['b', fit],
      ]),
    },
    'b',
    'NextReplica',
  ],
  ['the primary where no replica is fit', { states: new Map() }, 'p', 'NoReplicaFit'],
  [
    'a replica with everything that was written',
    { level: 'ReadYourWrites', token: token('1-1-100') },
    'a',
    'CaughtUpReplica',
  ],
  [
    'what was written on another shard does not matter',
    { level: 'ReadYourWrites', token: token('0-1-900') },
    'a',
    'CaughtUpReplica',
  ],
  [
    'the primary where no replica has everything',
    { level: 'ReadYourWrites', token: token('1-1-101') },
    'p',
    'NoReplicaCaughtUp',
  ],
  [
    'a replica that is waited for, where that is wished for',
    { level: 'ReadYourWrites', token: token('1-1-101'), waits: true },
    'a',
    'AwaitedReplica',
  ],
  [
    'a replica with everything before one that is waited for',
    {
      level: 'ReadYourWrites',
      token: token('1-1-101'),
      waits: true,
      states: new Map([
        ['a', fit],
        ['b', { ...fit, position: token('1-1-101') }],
      ]),
    },
    'b',
    'CaughtUpReplica',
  ],
  [
    'nobody is waited for who lags',
    {
      level: 'ReadYourWrites',
      token: token('1-1-101'),
      waits: true,
      states: new Map([['a', { ...fit, lagMilliseconds: 5000 }]]),
    },
    'p',
    'NoReplicaCaughtUp',
  ],
  [
    'a replica that has not come as far as a move is left out',
    {
      floor: { kind: 'position', position: token('1-1-100') },
      states: new Map([
        ['a', { ...fit, position: token('1-1-99') }],
        ['b', fit],
      ]),
    },
    'b',
    'NextReplica',
  ],
  [
    'and where sessions read what they wrote',
    { level: 'ReadYourWrites', floor: { kind: 'position', position: token('1-1-101') } },
    'p',
    'NoReplicaCaughtUp',
  ],
  ['the primary where no replica will do', { floor: { kind: 'none' } }, 'p', 'NoReplicaFit'],
  [
    'nobody while there is no primary',
    { level: 'Strong', servers: { ...servers, primary: undefined } },
    undefined,
    'StrongRead',
  ],
];

describe('the server of a read', () => {
  it.each(CASES)('%s', (_name, request, pod, reason) => {
    const choice = decideReadServer({
      level: 'Eventual',
      servers,
      states: new Map([
        ['a', fit],
        ['b', fit],
      ]),
      token: EMPTY_TOKEN,
      maxLagMilliseconds: 5000,
      turn: 0,
      fastest: false,
      waits: false,
      floor: { kind: 'any' },
      ...request,
    });
    expect([choice.server?.pod, choice.reason]).toEqual([pod, reason]);
  });
});
