import { describe, expect, it } from '@jest/globals';
import { settle } from '../../../runtime/testing/fake-clock.ts';
import { BASE_CAPABILITIES } from '../../../wire/capabilities.ts';
import { COLUMN_TYPE } from '../../../wire/column-type.ts';
import { decodeTextRow } from '../../../wire/text-row.ts';
import type { ClientAnswer } from '../../client/client-answer.ts';
import type { MergePlan } from '../../merge/merge-plan.ts';
import type { RouteOf } from '../../routing/route.ts';
import { parse } from '../../routing/testing/routing-stage.ts';
import { openTransaction } from '../../session/transaction-state.ts';
import { ANY_READ } from '../own-access.ts';
import { runScatter } from './run-scatter.ts';
import { LEAVE_MILLISECONDS, SCATTER_CAPS, STREAM_WINDOW_BYTES } from './scatter-caps.ts';
import { KEYSPACE, ScriptedSlots } from './testing/scripted-slots.ts';

const BY_NUMBER: MergePlan['rows'] = {
  kind: 'order',
  by: [{ value: { from: 'visible', index: 0 }, weight: null, descending: false }],
};

/** A client, and its statement for all slots on its way. */
function begin({
  plan = {},
  slots = [0, 1, 2, 3],
  inTransaction = false,
}: {
  readonly plan?: Partial<MergePlan>;
  readonly slots?: readonly number[];
  readonly inTransaction?: boolean;
} = {}) {
  const servers = new ScriptedSlots();
  const { execution, clock } = servers;
  const written: string[] = [];
  let taken = Promise.resolve();
  let readOn = (): void => {};
  const client = {
    written,
    /** Whether it takes what it is sent. */
    set reads(value: boolean) {
      if (value) {
        readOn();
      } else {
        taken = new Promise((resolve) => (readOn = resolve));
      }
    },
  };
  const route: RouteOf<'scatter'> = {
    kind: 'scatter',
    keyspace: KEYSPACE,
    parts: slots.map((slot) => ({ slot, edits: [] })),
    access: ANY_READ,
    plan: { rows: { kind: 'concatenate' }, hidden: 0, offset: 0, limit: null, ...plan },
    reason: 'no key',
  };
  const answer: Pick<ClientAnswer, 'capabilities' | 'packet'> = {
    capabilities: BASE_CAPABILITIES,
    packet: (payload) => {
      written.push(payload.toString());
      return true;
    },
  };
  const parsed = parse('SELECT note FROM orders');
  if (inTransaction) {
    execution.session.transaction = openTransaction('START TRANSACTION', null);
  }
  const running = runScatter(
    execution,
    { parsed, parameters: null, answer: answer as ClientAnswer, isBinary: false, hasMore: false },
    route,
    {
      columns: () => void written.push('columns'),
      async rows(payloads) {
        written.push(...payloads.map((payload) => decodeTextRow(payload, 1)[0]?.toString() ?? 'NULL'));
        await taken;
      },
      end: () => void written.push('end'),
    },
    new AbortController().signal,
  ).then(
    () => 'done',
    (error: { readonly errno?: number }) => error.errno ?? error,
  );
  /** How it ended, once what nobody wants any more was cut off. */
  const ended = async (): Promise<unknown> => {
    await clock.advance(LEAVE_MILLISECONDS);
    return running;
  };
  return { servers, client, ended, session: execution.session };
}

/** As many rows as fill a stream's window. */
const MANY = Math.ceil(STREAM_WINDOW_BYTES / 12);
const numbers = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_value, index) => String(from + index).padStart(7, '0'));

describe('rows of several slots', () => {
  it('pass as they arrive, while other slots have said nothing yet', async () => {
    const { servers, client, ended } = begin();
    (await servers.of(2)).columns().rows(5, 6);
    await settle();
    expect(client.written).toEqual(['columns', '5', '6']);
    for (const slot of [0, 1, 3]) {
      (await servers.of(slot)).columns().end();
    }
    (await servers.of(2)).rows(7).end();
    expect(await ended()).toBe('done');
    expect(client.written).toEqual(['columns', '5', '6', '7', 'end']);
    expect([servers.given, servers.isFree]).toEqual([[true, true, true, true], true]);
  });

  it('in order are merged as they arrive', async () => {
    const { servers, client, ended } = begin({ plan: { rows: BY_NUMBER } });
    (await servers.of(0)).columns().rows(1, 4);
    (await servers.of(1)).columns().rows(2, 9).end();
    (await servers.of(2)).columns().end();
    (await servers.of(3)).columns().rows(3, 30).end();
    (await servers.of(0)).rows(8).end();
    expect(await ended()).toBe('done');
    expect(client.written).toEqual(['columns', '1', '2', '3', '4', '8', '9', '30', 'end']);
  });

  it.each([
    ['mixed', {}],
    ['in order', { rows: BY_NUMBER }],
  ])('wait at their servers while the client does not read: %s', async (_name, plan) => {
    const { servers, client, ended } = begin({ plan, slots: [0, 2] });
    client.reads = false;
    const [near, far] = [await servers.of(0), await servers.of(2)];
    near.columns().rows(1);
    far.columns().rows(...numbers(2, 3));
    let next = 10;
    for (let round = 0; round < 4 && !(near.paused && far.paused); round += 1) {
      await settle();
      for (const server of [near, far].filter(({ paused }) => !paused)) {
        server.rows(...numbers(next, MANY));
        next += MANY;
      }
    }
    expect([near.paused, far.paused]).toEqual([true, true]);
    client.reads = true;
    await settle();
    for (const server of [near, far]) {
      server.end();
    }
    await settle();
    expect([near.paused, far.paused]).toEqual([false, false]);
    expect(await ended()).toBe('done');
    expect(client.written).toHaveLength(near.sent + far.sent + 2);
  });

  it('come once, though a server was lost, if none of its rows was used', async () => {
    const { servers, client, ended } = begin({ plan: { rows: BY_NUMBER }, slots: [0, 2] });
    (await servers.of(0)).columns().rows(1, 5).lose();
    await servers.clock.advance(100);
    (await servers.of(0)).columns().rows(1, 5).end();
    (await servers.of(2)).columns().rows(3).end();
    expect(await ended()).toBe('done');
    expect(client.written).toEqual(['columns', '1', '3', '5', 'end']);
  });

  it('end with the error of a server that was lost after some were used', async () => {
    const { servers, client, ended } = begin({ slots: [0, 2] });
    (await servers.of(0)).columns().rows(1);
    await settle();
    (await servers.of(0)).lose();
    expect(await ended()).toBe(1158);
    expect(client.written).toEqual(['columns', '1']);
    expect((await servers.of(2)).aborted).toBe(true);
    expect(servers.isFree).toBe(true);
  });

  it('end with the error that a server answers with', async () => {
    const { servers, client, ended } = begin({ slots: [0, 2] });
    (await servers.of(0)).columns().rows(1);
    await settle();
    (await servers.of(2)).fail(1969);
    await settle();
    (await servers.of(0)).end();
    expect(await ended()).toBe('done');
    expect(client.written).toEqual(['columns', '1', 'error 1969']);
  });

  it('of different columns are refused', async () => {
    const { servers, ended } = begin({ slots: [0, 2] });
    (await servers.of(0)).columns();
    (await servers.of(2)).columns(COLUMN_TYPE.double);
    expect(await ended()).toBe(1412);
  });
});

describe('when LIMIT has enough', () => {
  it('what has nearly ended ends, and its connection is of use', async () => {
    const { servers, client, ended } = begin({ plan: { limit: 2 }, slots: [0, 2] });
    (await servers.of(0)).columns().rows(1, 2, 3);
    (await servers.of(2)).columns().rows(4);
    await settle();
    for (const slot of [0, 2]) {
      (await servers.of(slot)).end();
    }
    expect(await ended()).toBe('done');
    expect(client.written).toEqual(['columns', '1', '2', 'end']);
    expect(servers.given).toEqual([true, true]);
  });

  it('the rest is cut off, and no connection is left with half an answer', async () => {
    const { servers, client, ended } = begin({ plan: { limit: 2 }, slots: [0, 2] });
    (await servers.of(0)).columns().rows(1, 2, 3);
    await settle();
    expect(await ended()).toBe('done');
    expect(client.written).toEqual(['columns', '1', '2', 'end']);
    expect([(await servers.of(0)).aborted, (await servers.of(2)).aborted]).toEqual([true, true]);
    expect([servers.given, servers.isFree]).toEqual([[false, false], true]);
  });

  it('in a transaction the rest is cancelled, and the transaction goes on', async () => {
    const { servers, client, ended, session } = begin({
      plan: { limit: 1 },
      slots: [0, 2],
      inTransaction: true,
    });
    (await servers.of(0)).columns().rows(1, 2);
    await settle();
    expect(await ended()).toBe('done');
    expect(client.written).toEqual(['columns', '1', 'end']);
    expect([servers.cancelled, servers.given, session.transaction.kind]).toEqual([2, [], 'open']);
  });

  it('a transaction that was lost meanwhile is told as lost', async () => {
    const { servers, client, ended, session } = begin({
      plan: { limit: 1 },
      slots: [0, 2],
      inTransaction: true,
    });
    (await servers.of(0)).columns().rows(1, 2);
    await settle();
    (await servers.of(2)).lose();
    expect(await ended()).toBe(1213);
    expect(client.written).toEqual(['columns', '1']);
    expect(session.transaction.kind).toBe('none');
  });
});

describe('slots that share a connection', () => {
  it('are kept, but for the last, where rows are merged in order', async () => {
    const { servers, client, ended } = begin({
      plan: { rows: BY_NUMBER },
      slots: [0, 1],
      inTransaction: true,
    });
    const first = (await servers.of(0)).columns().rows(...numbers(0, 3 * MANY));
    expect(first.paused).toBe(false);
    first.end();
    (await servers.of(1)).columns().rows('0000001').end();
    expect(await ended()).toBe('done');
    expect(client.written.slice(0, 4)).toEqual(['columns', '0000000', '0000001', '0000001']);
    expect(client.written).toHaveLength(3 * MANY + 3);
  });

  it('may not be kept without end', async () => {
    const { servers, ended } = begin({ plan: { rows: BY_NUMBER }, slots: [0, 1], inTransaction: true });
    const first = (await servers.of(0)).columns();
    const piece = 'x'.repeat(1 << 23);
    for (let bytes = 0; bytes <= SCATTER_CAPS.keptBytes; bytes += piece.length) {
      first.rows(piece);
    }
    expect(await ended()).toBe(1038);
    expect(servers.cancelled).toBe(1);
  });
});
