import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../runtime/clock.ts';
import { EngineError } from '../engine-error.ts';
import { known, unknown, type Measure } from '../measure.ts';
import { mariadbPositions, parseGtidList, type GtidList } from './gtid.ts';
import { toLineage } from './lineage.ts';
import { receivedOf } from './observe.ts';
import { awaitApplied, becomePrimary, follow, openWrites, setAcknowledgement } from './roles.ts';
import type { ServerAccess } from './server-access.ts';
import type { ServerFacts } from './server-facts.ts';
import type { SlaveStatus } from './slave-status.ts';

const signal = new AbortController().signal;
const tls = { authority: 'ca', certificate: 'crt', key: 'key' };
const source = { host: 'new', port: 3306, user: 'replication', password: 'secret' };

const stopped: SlaveStatus = {
  source: { host: 'old', port: 3306 },
  user: 'replication',
  receiving: { kind: 'stopped' },
  applying: { kind: 'stopped' },
  secondsBehind: unknown('stopped'),
  received: parseGtidList('0-1-7'),
  relayLogFile: 'relay.000001',
  relayLogOffset: 4,
  usesGtid: true,
  receivedMark: '',
};
const closed: ServerFacts = {
  observedAt: 0,
  version: '11.8.6-MariaDB',
  readOnly: true,
  binaryLogPosition: parseGtidList('0-1-7'),
  slavePosition: parseGtidList('0-1-7'),
  lineage: toLineage('0-1-7'),
  epoch: 4,
  heartbeatWrittenAt: undefined,
  slave: undefined,
  status: new Map([
    ['Rpl_semi_sync_master_clients', '1'],
    ['Rpl_semi_sync_master_wait_sessions', '0'],
  ]),
  semiSyncMaster: false,
};
const waiting = new Map([
  ['Rpl_semi_sync_master_clients', '0'],
  ['Rpl_semi_sync_master_wait_sessions', '1'],
]);

/** A server that answers with the same facts for ever and records what changes it is asked for. */
function serverWith(facts: Partial<ServerFacts>, beforeStart: Measure<GtidList> = known(new Map())) {
  const sent: string[] = [];
  const send = (sql: string): void => void sent.push(sql.replaceAll(/\s+/g, ' '));
  const server: ServerAccess = {
    clock: systemClock,
    async run(_what, sql) {
      send(sql);
      return [];
    },
    async runAll(_what, statements) {
      statements.forEach(({ sql }) => send(sql));
      return statements.map(() => []);
    },
    beside: async () => [],
    facts: async () => ({ ...closed, ...facts }),
    async factsAfter({ statements }) {
      statements.forEach(({ sql }) => send(sql));
      return { ...closed, ...facts };
    },
    ownConnections: () => [1],
    received: (facts) => receivedOf(facts, beforeStart),
  };
  return { server, sent };
}

describe('what would lose data is refused before anything is sent', () => {
  const behind = { slavePosition: parseGtidList('0-1-5'), binaryLogPosition: parseGtidList('0-1-5') };

  it.each([
    ['a server that takes writes', { readOnly: false }, 'Refused'],
    ['received and not applied', { ...behind, slave: stopped }, 'ReceivedNotApplied'],
    ['received unknown', { slave: { ...stopped, received: undefined } }, 'Refused'],
    ['a commit that waits', { semiSyncMaster: true, status: waiting }, 'Refused'],
  ] as const)('follow: %s', async (_name, facts, code) => {
    const { server, sent } = serverWith(facts, unknown('torn'));
    await expect(follow(server, tls, source, signal)).rejects.toMatchObject({ code });
    expect(sent.filter((sql) => !sql.startsWith('STOP SLAVE IO_THREAD'))).toEqual([]);
  });

  it.each([
    ['it receives', { slave: { ...stopped, receiving: { kind: 'running' } } }, 'Refused'],
    ['it tries to receive', { slave: { ...stopped, receiving: { kind: 'connecting' } } }, 'Refused'],
    ['received and not applied', { ...behind, slave: stopped }, 'ReceivedNotApplied'],
  ] as const)('become the primary: %s', async (_name, facts, code) => {
    const { server, sent } = serverWith(facts);
    await expect(becomePrimary(server, 'oneReplica', signal)).rejects.toMatchObject({ code });
    expect(sent).toEqual([]);
  });

  it.each([
    ['a replica', { slave: stopped }],
    ['a later epoch is recorded', { epoch: 6 }],
    ['nobody acknowledges', { semiSyncMaster: true, status: waiting }],
  ] as const)('open for writes: %s', async (_name, facts) => {
    const { server, sent } = serverWith(facts);
    await expect(openWrites(server, 5, signal)).rejects.toMatchObject({ code: 'Refused' });
    expect(sent).toEqual([]);
  });

  it.each([
    ['none', 'open for writes', { semiSyncMaster: true, readOnly: false }],
    ['none', 'a commit waits', { semiSyncMaster: true, status: waiting }],
    ['oneReplica', 'a replica', { slave: stopped }],
  ] as const)('acknowledgement %s: %s', async (rule, _name, facts) => {
    const { server, sent } = serverWith(facts);
    await expect(setAcknowledgement(server, rule, signal)).rejects.toMatchObject({ code: 'Refused' });
    expect(sent).toEqual([]);
  });
});

describe('what is safe is done in this order', () => {
  it('becomes the primary: ends following first, asks for acknowledgements last', async () => {
    const { server, sent } = serverWith({ slave: stopped });
    await becomePrimary(server, 'oneReplica', signal);
    expect(sent).toEqual([
      'STOP SLAVE SQL_THREAD',
      'RESET SLAVE ALL',
      'SET GLOBAL rpl_semi_sync_master_enabled = ON',
    ]);
  });

  it('opens: records the epoch, unless it is recorded, before others may write', async () => {
    const first = serverWith({});
    await openWrites(first.server, 5, signal);
    expect(first.sent.map((sql) => sql.split(' ')[0])).toEqual(['INSERT', 'SET']);
    const again = serverWith({ epoch: 5 });
    await openWrites(again.server, 5, signal);
    expect(again.sent).toEqual(['SET GLOBAL read_only = OFF']);
  });

  it.each([
    ['a replica', { slave: stopped }, false],
    ['a new clone', { binaryLogPosition: new Map() }, false],
    ['an old primary', { slavePosition: parseGtidList('0-1-3') }, true],
    ['a first primary', { slavePosition: new Map() }, true],
  ] as const)(
    'follows from its own last transaction where it was a primary: %s',
    async (_name, facts, demotes) => {
      const { server, sent } = serverWith(facts);
      await follow(server, tls, source, signal);
      const change = sent.find((sql) => sql.startsWith('CHANGE MASTER')) ?? '';
      expect(change.includes('MASTER_DEMOTE_TO_SLAVE = 1')).toBe(demotes);
      expect(change).toContain('MASTER_USE_GTID = slave_pos');
      expect(change).not.toContain('secret');
      expect(sent.at(-1)).toBe('START SLAVE');
    },
  );

  it('forgets a former source of which a kill has left half, and follows all the same', async () => {
    const { server, sent } = serverWith({ slave: stopped });
    let isBroken = true;
    const killed: ServerAccess = {
      ...server,
      async runAll(what, statements) {
        for (const { sql, values = [] } of statements) {
          await server.run(what, sql, values, 0, signal);
          if (sql.startsWith('CHANGE MASTER') && isBroken) {
            throw new EngineError('ServerError', `${what}: 1201 Could not initialize master info structure`);
          }
          isBroken &&= sql !== 'RESET SLAVE ALL';
        }
        return [];
      },
    };
    await follow(killed, tls, source, signal);
    expect(sent.map((sql) => sql.split(' ').slice(0, 2).join(' '))).toEqual([
      'CHANGE MASTER',
      'RESET SLAVE',
      'CHANGE MASTER',
      'START SLAVE',
    ]);
  });

  it('leaves a replica alone that follows already', async () => {
    const running = { kind: 'running' } as const;
    const slave = { ...stopped, source, receiving: running, applying: running };
    const { server, sent } = serverWith({ slave });
    await follow(server, tls, source, signal);
    expect(sent).toEqual([]);
  });

  it('waits for nothing where nobody applies', async () => {
    const { server, sent } = serverWith({ slave: stopped });
    expect(await awaitApplied(server, mariadbPositions.parse('0-1-7'), 1000, signal)).toBe(true);
    expect(await awaitApplied(server, mariadbPositions.parse('0-1-8'), 1000, signal)).toBe(false);
    expect(sent).toEqual([]);
  });
});
