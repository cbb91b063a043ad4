import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CarriedState, CarriedUser } from '../../engines/users.ts';
import { carriedList, decideCarried, decideSource, hasAllUsers, type CarriedList } from './carried-lists.ts';

const NEW: CarriedState = { digest: null, isComplete: false };
const COMPLETE: CarriedState = { digest: null, isComplete: true };
const user = (name: string, stored: string): CarriedUser => ({
  name,
  proofs: [
    { plugin: 'mysql_native_password', stored },
    { plugin: 'ed25519', stored: 'x' },
  ],
  requireTls: false,
  maxConnections: 0,
  isLocked: false,
  roles: [],
  hasOwnRole: false,
});
const credentials = { routerHash: (key: string, name: string) => `*${key}/${name}` };

describe('carriedList', () => {
  it('has the users that routers can log in as, and no others', () => {
    const { users } = carriedList(
      [user('web', '*KEY/WEB'), user('by-hand', '*something'), user('other', '*KEY/web')],
      'key',
      credentials,
      7,
    );
    expect(users.map(({ name }) => name)).toEqual(['web']);
  });

  it('tells one list from the next', () => {
    const digestOf = (...users: readonly CarriedUser[]) => carriedList(users, 'key', credentials, 0).digest;
    const web = user('web', '*key/web');
    expect(digestOf(web)).toBe(digestOf(web));
    expect(digestOf({ ...web, roles: ['r'] })).not.toBe(digestOf(web));
  });
});

describe('decideSource', () => {
  it.each<[string, readonly (CarriedState | null)[], number | undefined]>([
    ['the first, where nobody was ever told', [NEW, NEW], 0],
    ['the first that has them all', [NEW, COMPLETE, COMPLETE], 1],
    ['that one too while others are silent', [null, COMPLETE, NEW], 1],
    ['nobody while one is silent that may have them all', [null, NEW], undefined],
    ['nobody without shards', [], undefined],
  ])('%s', (_name, shards, expected) => {
    expect(decideSource(shards.map((carried, number) => ({ number, carried })))).toBe(expected);
  });
});

describe('decideCarried', () => {
  const list: CarriedList = { digest: 'list', users: [user('web', '*')], readAt: 100 };
  const has: CarriedState = { digest: 'list', isComplete: false };
  const decide = (input: Partial<Parameters<typeof decideCarried>[0]>) => {
    const order = decideCarried({
      carried: NEW,
      isSource: false,
      list,
      hasListSince: undefined,
      ...input,
    });
    return order === null ? null : `${order.users.length}${order.isFinal ? ' final' : ''}`;
  };

  it.each([
    ['nothing for an agent that tells nothing', { carried: null }, null],
    ['nothing once it is complete', { carried: COMPLETE }, null],
    ['an empty list for the source', { isSource: true }, '0 final'],
    ['nothing before there is a list', { list: undefined }, null],
    ['the list', {}, '1'],
    ['the list again while it was read before the shard had it', { carried: has, hasListSince: 101 }, '1'],
    [
      'that it is final when it was read after the shard had it',
      { carried: has, hasListSince: 99 },
      '1 final',
    ],
    ['another list, which is not final', { carried: { ...has, digest: 'old' }, hasListSince: 1 }, '1'],
  ] as const)('%s', (_name, input, expected) => {
    expect(decide(input)).toBe(expected);
  });

  /**
   * Routers change a user on the source first, then on the new shard, where it counts only if the shard has the user. Whatever the
   * order of events, both have the same in the end.
   */
  it('leaves no shard with a user that was dropped, or a password that was changed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('read', 'tell', 'see', 'changeSource', 'changeNew'), { maxLength: 60 }),
        (events) => {
          let source = 1;
          let pending: number | null = null;
          let here: { value: number; isOurs: boolean } | null = null;
          let state: CarriedState = NEW;
          let known: CarriedList | undefined;
          let value = 0;
          let since: { digest: string; at: number } | undefined;
          const step = (event: string, at: number): void => {
            switch (event) {
              case 'read':
                known = { digest: `v${source}`, users: [user(String(source), '*')], readAt: at };
                return;
              case 'see':
                if (state.digest !== null && since?.digest !== state.digest) {
                  since = { digest: state.digest, at };
                }
                return;
              case 'tell': {
                const hasListSince = since?.digest === state.digest ? since?.at : undefined;
                const order = decideCarried({ carried: state, isSource: false, list: known, hasListSince });
                if (order !== null) {
                  value = Number(order.users[0]?.name);
                  here = here === null || here.isOurs ? { value, isOurs: true } : here;
                  state = { digest: order.digest, isComplete: order.isFinal };
                }
                return;
              }
              case 'changeSource':
                if (pending === null) {
                  source += 1;
                  pending = source;
                }
                return;
              default:
                if (pending !== null && here !== null) {
                  here = { ...here, value: pending };
                }
                pending = null;
            }
          };
          events.forEach((event, index) => step(event, index));
          ['changeNew', ...Array.from({ length: 4 }, () => ['read', 'tell', 'see']).flat()].forEach(
            (event, index) => step(event, events.length + index),
          );
          expect([here, state.isComplete]).toEqual([{ value: source, isOurs: true }, true]);
        },
      ),
    );
  });
});

describe('hasAllUsers', () => {
  it.each([
    ['nothing was set yet', null, false],
    ['it does not lead', undefined, false],
    ['users are missing', { digest: 'd', taken: [], carried: NEW }, false],
    ['it has all', { digest: 'd', taken: [], carried: COMPLETE }, true],
    ['its agent is of a former version', { digest: 'd', taken: [], carried: null }, true],
  ])('%s: %j', (_name, users, expected) => {
    expect(hasAllUsers(users)).toBe(expected);
  });
});
