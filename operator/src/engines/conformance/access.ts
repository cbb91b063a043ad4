/** Databases of keyspaces, and the users who may use them. */
import assert from 'node:assert/strict';
import type { KeyspaceDatabases } from '../keyspaces.ts';
import type { CarriedUser, DatabaseUser } from '../users.ts';
import {
  type ConformanceCase,
  expectCaughtUp,
  expectRefusal,
  memberAt,
  sessionAt,
  stateOf,
  type Story,
} from './story.ts';

const SHOP = ['shop$shared', 'shop_s0000', 'shop_s0001'];
const BOTH: readonly KeyspaceDatabases[] = [
  { keyspace: 'shop', databases: SHOP },
  { keyspace: 'blog', databases: ['blog_s0000'] },
];

/** The routers' secret in this suite. */
const SECRET = 'conformance-router-secret';

function aUser({ shard }: Story, password: string, change: Partial<DatabaseUser> = {}): DatabaseUser {
  const { credentials } = shard.engine;
  const { name = 'visitor' } = change;
  return {
    name,
    passwordHashes: [credentials.routerHash(SECRET, name), credentials.hash(password)],
    requireTls: true,
    maxConnections: 10,
    access: { kind: 'keyspaces', level: 'readWrite', keyspaces: ['shop'] },
    ...change,
  };
}

/** Calls until all is made; returns how many changes that took. */
async function makeDatabases(story: Story, wanted: readonly KeyspaceDatabases[]): Promise<number> {
  for (let changes = 0; ;) {
    const order = { wanted, revision: 1, untouched: [] };
    const done = await sessionAt(story, 0).ensureDatabases(order, story.signal);
    changes += done.changes;
    if (done.isComplete) {
      return changes;
    }
  }
}

async function setUsers(story: Story, ...users: readonly DatabaseUser[]): Promise<readonly string[]> {
  const { changed } = await sessionAt(story, 0).ensureUsers(
    { users, untouched: [], carried: null },
    story.signal,
  );
  return changed;
}

export const accessCases: readonly ConformanceCase[] = [
  {
    name: 'databases of keyspaces are made once, and never on a replica',
    async run(story) {
      assert.ok((await makeDatabases(story, BOTH)) > BOTH.length);
      const before = await stateOf(story, sessionAt(story, 0));
      assert.equal(await makeDatabases(story, BOTH), 0);
      assert.equal((await stateOf(story, sessionAt(story, 0))).applied, before.applied);
      await expectRefusal(
        'Refused',
        sessionAt(story, 1).ensureDatabases({ wanted: BOTH, revision: 1, untouched: [] }, story.signal),
      );
      await expectRefusal(
        'Refused',
        sessionAt(story, 1).ensureUsers({ users: [], untouched: [], carried: null }, story.signal),
      );
    },
  },
  {
    name: 'a user logs in by its own password and by the routers’, and sees its keyspaces, on replicas too',
    async run(story) {
      assert.deepEqual(await setUsers(story, aUser(story, 'own')), ['visitor']);
      assert.deepEqual(await setUsers(story, aUser(story, 'own')), []);
      await expectCaughtUp(story, 1, 0);
      for (const ordinal of [0, 1]) {
        const member = memberAt(story, ordinal);
        assert.deepEqual(await member.schemasOf('visitor', 'own'), SHOP);
        assert.deepEqual(
          await member.schemasOf('visitor', story.shard.engine.credentials.routerPassword(SECRET, 'visitor')),
          SHOP,
        );
        assert.equal(await member.schemasOf('visitor', 'other'), undefined);
      }
    },
  },
  {
    name: 'a user follows its order: other keyspaces, another password, none at all',
    async run(story) {
      const member = memberAt(story, 0);
      const wide = { access: { kind: 'keyspaces', level: 'readOnly', keyspaces: ['shop', 'blog'] } } as const;
      assert.deepEqual(await setUsers(story, aUser(story, 'renewed', wide)), ['visitor']);
      assert.equal(await member.schemasOf('visitor', 'own'), undefined);
      assert.deepEqual(await member.schemasOf('visitor', 'renewed'), ['blog_s0000', ...SHOP].toSorted());
      assert.deepEqual(await setUsers(story, aUser(story, 'renewed', wide)), []);
      const narrow = { access: { kind: 'keyspaces', level: 'owner', keyspaces: ['blog'] } } as const;
      await setUsers(story, aUser(story, 'renewed', narrow));
      assert.deepEqual(await member.schemasOf('visitor', 'renewed'), ['blog_s0000']);

      const left = { users: [], untouched: ['visitor'], carried: null };
      const { changed, taken } = await sessionAt(story, 0).ensureUsers(left, story.signal);
      assert.deepEqual([changed, taken], [[], []]);
      assert.deepEqual(await setUsers(story), ['visitor']);
      assert.equal(await member.schemasOf('visitor', 'renewed'), undefined);
    },
  },
  {
    name: 'a user that somebody else made is left alone, and told of',
    async run(story) {
      const order = { users: [aUser(story, 'mine', { name: 'stranger' })], untouched: [], carried: null };
      await memberAt(story, 0).makeUser('stranger', 'by-hand');
      const { changed, taken } = await sessionAt(story, 0).ensureUsers(order, story.signal);
      assert.deepEqual([changed, taken], [[], ['stranger']]);
      assert.deepEqual(await memberAt(story, 0).schemasOf('stranger', 'by-hand'), []);
      assert.deepEqual(await setUsers(story), []);
    },
  },
  {
    name: 'users that others have made are carried without a password, and follow their list until it is final',
    async run(story) {
      const session = sessionAt(story, 0);
      const member = memberAt(story, 0);
      const carry = async (digest: string, users: readonly CarriedUser[], isFinal = false) => {
        const order = { users: [], untouched: [], carried: { digest, users, isFinal } };
        const { changed, carried } = await session.ensureUsers(order, story.signal);
        return [changed, carried] as const;
      };
      await setUsers(story, aUser(story, 'own'));
      await member.makeUser('guest', 'secret');
      const found = await session.readCarriedUsers(story.signal);
      const guest = found.find(({ name }) => name === 'guest');
      assert.ok(guest !== undefined && !JSON.stringify(found).includes('secret'));
      assert.ok(found.every(({ name }) => name !== 'visitor'));
      await setUsers(story);

      // As if the list came from another shard: of a user that is not here, and of one that is.
      const roles = ['shardwright_keyspace_shop_ro'];
      const newcomer: CarriedUser = { ...guest, name: 'new-comer', roles };
      const list = [{ ...guest, isLocked: true }, newcomer];
      assert.deepEqual(await carry('one', list), [['new-comer'], { digest: 'one', isComplete: false }]);
      assert.deepEqual(await carry('one', list), [[], { digest: 'one', isComplete: false }]);
      assert.deepEqual(await member.schemasOf('new-comer', 'secret'), SHOP);
      assert.deepEqual(await member.schemasOf('guest', 'secret'), []);
      assert.deepEqual(
        (await session.readCarriedUsers(story.signal)).find(({ name }) => name === 'new-comer'),
        newcomer,
      );

      const changed: CarriedUser = {
        ...newcomer,
        roles: ['shardwright_keyspace_blog_rw', ...roles],
        hasOwnRole: true,
      };
      assert.deepEqual((await carry('two', [changed]))[0], ['new-comer']);
      assert.deepEqual(await member.schemasOf('new-comer', 'secret'), ['blog_s0000', ...SHOP].toSorted());
      assert.deepEqual(
        (await session.readCarriedUsers(story.signal)).find(({ name }) => name === 'new-comer'),
        changed,
      );
      await carry('three', [{ ...changed, isLocked: true }]);
      await assert.rejects(member.schemasOf('new-comer', 'secret'), /locked/);
      assert.deepEqual((await carry('four', []))[0], ['new-comer']);
      assert.equal(await member.schemasOf('new-comer', 'secret'), undefined);

      await carry('five', [newcomer]);
      assert.deepEqual(await carry('five', [newcomer], true), [[], { digest: 'five', isComplete: true }]);
      assert.deepEqual(await carry('six', []), [[], { digest: null, isComplete: true }]);
      assert.deepEqual(await member.schemasOf('new-comer', 'secret'), SHOP);
      await expectCaughtUp(story, 1, 0);
      assert.deepEqual(await memberAt(story, 1).schemasOf('new-comer', 'secret'), SHOP);
    },
  },
  {
    name: 'a database that is given to another shard stays, and nobody may use it any more',
    async run(story) {
      await setUsers(story, aUser(story, 'own'));
      const [kept = '', ...lost] = SHOP;
      assert.ok((await makeDatabases(story, [{ keyspace: 'shop', databases: [kept] }])) >= lost.length);
      assert.deepEqual(await memberAt(story, 0).schemasOf('visitor', 'own'), [kept]);
      await makeDatabases(story, BOTH);
      assert.deepEqual(await memberAt(story, 0).schemasOf('visitor', 'own'), SHOP);
      await setUsers(story);
    },
  },
  {
    name: 'the routers’ own account sees who may log in, and no row of anybody',
    async run(story) {
      const { credentials } = story.shard.engine;
      const router = aUser(story, '', {
        name: 'conformance_router',
        passwordHashes: [credentials.hash('own')],
        access: { kind: 'router' },
      });
      await setUsers(story, router);
      assert.deepEqual(await setUsers(story, router), []);
      assert.deepEqual(await memberAt(story, 0).mayRead('conformance_router', 'own'), {
        users: true,
        rows: false,
      });
      await setUsers(story);
    },
  },
];
