import { describe, expect, it } from '@jest/globals';
import { aShard } from '../../controllers/sharded-cluster/testing/builders.ts';
import type { CarriedOrder, CarriedState, CarriedUser } from '../../engines/users.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { CarriedUsers, type CarriedUsersOptions, type PrimaryOfShard } from './carried-users.ts';

const WEB: CarriedUser = {
  name: 'web',
  proofs: [{ plugin: 'mysql_native_password', stored: '*key/web' }],
  requireTls: false,
  maxConnections: 0,
  isLocked: false,
  roles: [],
  hasOwnRole: false,
};

/** Two shards; what the operator is to tell them, pass by pass. */
function createStage() {
  const clock = new FakeClock();
  const states: (CarriedState | null)[] = [
    { digest: null, isComplete: false },
    { digest: null, isComplete: false },
  ];
  const asked: string[] = [];
  const source: { users: readonly CarriedUser[]; error: Error | null } = { users: [WEB], error: null };
  const options = {
    streams: {
      command: async (uid: string, { command }: { readonly command: string }) => {
        asked.push(`${command} of ${uid}`);
        if (source.error !== null) {
          throw source.error;
        }
        return { users: source.users };
      },
    },
    credentials: { routerHash: (key: string, user: string) => `*${key}/${user}` },
    clock,
    logger: silentLogger,
  } as unknown as CarriedUsersOptions;
  const carried = new CarriedUsers(options);
  const primaries = (): PrimaryOfShard[] =>
    states.map((state, number) => ({
      shard: aShard(number),
      uid: `u${number}`,
      state: { users: { digest: 'd', taken: [], carried: state } },
    }));
  /** One pass, after which agents have done what they were told. */
  const pass = async (): Promise<(string | undefined)[]> => {
    const orders = carried.orders(primaries(), 'key', new AbortController().signal);
    await settle();
    await clock.advance(500);
    return states.map((state, number) => {
      const order = orders.get(`u${number}`);
      states[number] = order === undefined ? state : carriedOut(order);
      return order === undefined ? undefined : textOf(order);
    });
  };
  const problems = () => primaries().map((primary) => carried.problem(primary)?.message);
  return { pass, problems, states, asked, source };
}

function carriedOut({ digest, isFinal }: CarriedOrder): CarriedState {
  return { digest: isFinal ? null : digest, isComplete: isFinal };
}

function textOf({ users, isFinal }: CarriedOrder): string {
  return `${users.map(({ name }) => name).join(',')}${isFinal ? '!' : ''}`;
}

describe('users that were made through routers', () => {
  it('come to the shard that is new, and are asked for no longer', async () => {
    const stage = createStage();
    const told: (string | undefined)[][] = [];
    for (let round = 0; round < 9; round += 1) {
      told.push(await stage.pass());
    }
    expect(told.map(([first]) => first)).toEqual(['!', ...Array.from({ length: 8 })]);
    const second = told.map(([, order]) => order).filter((order) => order !== undefined);
    expect(second.at(-1)).toBe('web!');
    expect(second.slice(0, -1).every((order) => order === 'web')).toBe(true);
    expect(stage.states.map((state) => state?.isComplete)).toEqual([true, true]);
    const { length } = stage.asked;
    await stage.pass();
    expect(stage.asked).toHaveLength(length);
    expect(new Set(stage.asked)).toEqual(new Set(['readUsers of u0']));
  });

  it('that change meanwhile are brought as they are then', async () => {
    const stage = createStage();
    const second: (string | undefined)[] = [];
    for (let round = 0; round < 14; round += 1) {
      second.push((await stage.pass())[1]);
      stage.source.users = round < 5 ? [{ ...WEB, maxConnections: round }] : [];
    }
    expect(second.filter((order) => order?.endsWith('!') === true)).toEqual(['!']);
  });

  it('are told of as missing while they cannot be read', async () => {
    const stage = createStage();
    stage.source.error = new Error('no answer');
    await stage.pass();
    await stage.pass();
    await stage.pass();
    expect(stage.problems()).toEqual([undefined, expect.stringContaining('could not be read: no answer')]);
    stage.source.error = null;
    for (let round = 0; round < 9; round += 1) {
      await stage.pass();
    }
    expect(stage.problems()).toEqual([undefined, undefined]);
  });

  it('are not looked for on shards whose agents cannot tell of them', async () => {
    const stage = createStage();
    stage.states[0] = null;
    expect(await stage.pass()).toEqual([undefined, undefined]);
    expect(stage.problems()[1]).toContain('of a former version');
    expect(stage.asked).toEqual([]);
  });
});
