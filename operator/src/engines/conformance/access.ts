/** Databases of keyspaces, and the users who may use them. */
import assert from 'node:assert/strict';
import type { KeyspaceDatabases } from '../keyspaces.ts';
import type { DatabaseUser } from '../users.ts';
import {
  type ConformanceCase,
  expectCaughtUp,
  expectRefusal,
  memberAt,
  sessionAt,
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
    const done = await sessionAt(story, 0).ensureDatabases(wanted, story.signal);
    changes += done.changes;
    if (done.isComplete) {
      return changes;
    }
  }
}

async function setUsers(story: Story, ...users: readonly DatabaseUser[]): Promise<readonly string[]> {
  const { changed } = await sessionAt(story, 0).ensureUsers({ users, untouched: [] }, story.signal);
  return changed;
}

export const accessCases: readonly ConformanceCase[] = [
  {
    name: 'databases of keyspaces are made once, and never on a replica',
    async run(story) {
      assert.ok((await makeDatabases(story, BOTH)) > BOTH.length);
      const before = await sessionAt(story, 0).observe(story.signal);
      assert.equal(await makeDatabases(story, BOTH), 0);
      assert.equal((await sessionAt(story, 0).observe(story.signal)).applied, before.applied);
      await expectRefusal('Refused', sessionAt(story, 1).ensureDatabases(BOTH, story.signal));
      await expectRefusal(
        'Refused',
        sessionAt(story, 1).ensureUsers({ users: [], untouched: [] }, story.signal),
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

      const left = { users: [], untouched: ['visitor'] };
      assert.deepEqual(await sessionAt(story, 0).ensureUsers(left, story.signal), { changed: [], taken: [] });
      assert.deepEqual(await setUsers(story), ['visitor']);
      assert.equal(await member.schemasOf('visitor', 'renewed'), undefined);
    },
  },
  {
    name: 'a user that somebody else made is left alone, and told of',
    async run(story) {
      const order = { users: [aUser(story, 'mine', { name: 'stranger' })], untouched: [] };
      await memberAt(story, 0).makeUser('stranger', 'by-hand');
      const { changed, taken } = await sessionAt(story, 0).ensureUsers(order, story.signal);
      assert.deepEqual([changed, taken], [[], ['stranger']]);
      assert.deepEqual(await memberAt(story, 0).schemasOf('stranger', 'by-hand'), []);
      assert.deepEqual(await setUsers(story), []);
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
