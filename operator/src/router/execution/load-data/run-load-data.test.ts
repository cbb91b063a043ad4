import { describe, expect, it } from '@jest/globals';
import type { ShardMapMove } from '../../../api/v1alpha1/index.ts';
import { aMove } from '../../../api/v1alpha1/testing/moves.ts';
import { readSlotOwners } from '../../../core/keyspace/slot-owners.ts';
import { FakeClock, settle } from '../../../runtime/testing/fake-clock.ts';
import { BASE_CAPABILITIES, CAPABILITY, addCapabilities } from '../../../wire/capabilities.ts';
import type { ClientAnswer } from '../../client/client-answer.ts';
import { KEYSPACES, parse, route } from '../../routing/testing/routing-stage.ts';
import { aClient } from '../../client/testing/client-facts.ts';
import { Session } from '../../session/session.ts';
import { NO_MOVES, readMoves } from '../../topology/moves.ts';
import { StatementHold } from '../../topology/statement-hold.ts';
import type { Topology } from '../../topology/topology.ts';
import type { Environment } from '../environment.ts';
import { Execution } from '../execution.ts';
import { runLoad } from './run-load-data.ts';

const SWITCHING = aMove('Switching', { slot: 3, to: 1 });

/** A client that loads an empty file while something moves. */
function begin(sql: string, moves: readonly ShardMapMove[]) {
  const clock = new FakeClock();
  const handlers = new Set<() => void>();
  const current: { topology: Topology } = {
    topology: {
      revision: 1,
      shards: new Map(),
      keyspaces: KEYSPACES,
      places: new Map([
        [
          'app',
          {
            homeShard: 0,
            referenceShards: [0, 1],
            owners: readSlotOwners(
              [
                { shard: 0, slots: '0-7' },
                { shard: 1, slots: '8-15' },
              ],
              16,
            ),
            transactions: 'Single',
            consistency: 'Strong',
          },
        ],
      ]),
      users: new Map(),
      moves: readMoves(moves),
    },
  };
  const written: string[] = [];
  const answer = {
    capabilities: BASE_CAPABILITIES,
    packet: (payload: Buffer) => written.push(payload[0] === 0xfb ? 'asks for the file' : 'error') > 0,
    ok: () => written.push('ok') > 0,
    async *localFile() {},
  } as unknown as ClientAnswer;
  const session = new Session(
    aClient({ capabilities: addCapabilities(BASE_CAPABILITIES, CAPABILITY.localFiles) }),
    { kind: 'password', password: '' },
    '',
  );
  const environment = {
    topology: {
      get current() {
        return current.topology;
      },
    },
    hold: new StatementHold({
      limits: { milliseconds: 1000, statements: 10, retryMilliseconds: 100 },
      clock,
      onMapChange(handler) {
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
      observer: { waits() {}, ended() {} },
    }),
    clock,
    signal: new AbortController().signal,
  } as unknown as Environment;
  const decided = route(sql);
  if (decided.kind !== 'load') {
    throw new Error(`${sql} is no load: ${decided.kind}`);
  }
  const statement = { parsed: parse(sql), parameters: null, answer, isBinary: false, hasMore: false };
  const running = runLoad(
    new Execution(environment, session),
    statement,
    decided,
    new AbortController().signal,
  ).then(
    () => 'done',
    (error: { readonly errno?: number }) => error.errno ?? error,
  );
  return {
    written,
    running,
    clock,
    hasMoved() {
      current.topology = { ...current.topology, moves: NO_MOVES };
      handlers.forEach((handler) => handler());
    },
  };
}

const INTO_SLOTS = "LOAD DATA LOCAL INFILE 'f' INTO TABLE orders";
const INTO_COPIES = "LOAD DATA LOCAL INFILE 'f' INTO TABLE countries";

describe('a file', () => {
  it.each([
    ['any slot', INTO_SLOTS, SWITCHING],
    ['reference tables', INTO_COPIES, { ...SWITCHING, unit: 'Reference', slot: undefined }],
  ] as const)(
    'is asked for when %s, for which it may have rows, has changed its shard',
    async (_what, sql, move) => {
      const load = begin(sql, [move as ShardMapMove]);
      await settle();
      expect(load.written).toEqual([]);
      load.hasMoved();
      await settle();
      expect(await load.running).toBe('done');
      expect(load.written).toEqual(['asks for the file', 'ok']);
    },
  );

  it('is not asked for where that takes too long', async () => {
    const load = begin(INTO_SLOTS, [SWITCHING]);
    await load.clock.advance(2000);
    expect(await load.running).toBe(1205);
    expect(load.written).toEqual([]);
  });

  it.each([
    ['while something is copied', [{ ...SWITCHING, phase: 'Copying' }]],
    ['while another keyspace moves', [{ ...SWITCHING, keyspace: 'events' }]],
    ['while nothing moves', []],
  ] as const)('is asked for at once %s', async (_when, moves) => {
    const load = begin(INTO_SLOTS, moves);
    await settle();
    expect(load.written).toEqual(['asks for the file', 'ok']);
  });
});
