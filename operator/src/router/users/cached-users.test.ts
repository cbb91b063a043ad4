import { describe, expect, it } from '@jest/globals';
import { nativePasswordHash } from '../../engines/mariadb/credentials.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { CachedUsers } from './cached-users.ts';
import type { UsersRow } from './global-priv.ts';

const signal = new AbortController().signal;

function row(user: string, password = 'own'): UsersRow {
  const priv = { plugin: 'mysql_native_password', authentication_string: nativePasswordHash(password) };
  return [user, '%', JSON.stringify(priv), '0'].map((text) => Buffer.from(text));
}

function users() {
  const clock = new FakeClock();
  const source: { readings: number; read: () => Promise<readonly UsersRow[]> } = {
    readings: 0,
    read: () => Promise.resolve([row('app')]),
  };
  const cached = new CachedUsers({
    read: () => {
      source.readings += 1;
      return source.read();
    },
    secret: () => 'secret',
    clock,
    logger: silentLogger,
    refreshMilliseconds: 5000,
  });
  return { cached, clock, source };
}

const unreachable = (): Promise<never> => Promise.reject(new Error('unreachable'));

describe('CachedUsers', () => {
  it('reads the users once for logins within a second, whoever they are', async () => {
    const { cached, clock, source } = users();
    const found = await Promise.all([cached.find('app', signal), cached.find('app', signal)]);
    expect(found.map(({ kind }) => kind)).toEqual(['found', 'found']);
    await clock.advance(999);
    await cached.find('app', signal);
    expect(source.readings).toBe(1);
    await clock.advance(1);
    await cached.find('app', signal);
    expect(source.readings).toBe(2);
  });

  it('finds a user who was made since the last reading, and reads for those who guess names five times a second', async () => {
    const { cached, clock, source } = users();
    await cached.find('app', signal);
    source.read = () => Promise.resolve([row('app'), row('new')]);
    await clock.advance(1);
    const kinds: string[] = [];
    for (const name of ['new', 'nobody', 'another']) {
      void cached.find(name, signal).then(({ kind }) => kinds.push(kind));
    }
    await clock.advance(198);
    expect(kinds).toEqual([]);
    await clock.advance(1);
    expect(kinds).toEqual(['found', 'unknown', 'unknown']);
    expect(source.readings).toBe(2);
    void cached.find('nobody', signal).then(({ kind }) => kinds.push(kind));
    await clock.advance(0);
    expect(kinds).toHaveLength(4);
    await clock.advance(100);
    void cached.find('nobody', signal).then(({ kind }) => kinds.push(kind));
    await clock.advance(99);
    expect(kinds).toHaveLength(4);
    await clock.advance(1);
    expect(kinds).toHaveLength(5);
    expect(source.readings).toBe(3);
  });

  it('reads again for a name that was asked for while the users were being read', async () => {
    const { cached, clock, source } = users();
    const slow = Promise.withResolvers<readonly UsersRow[]>();
    source.read = () => slow.promise;
    void cached.find('app', signal);
    await clock.advance(500);
    const found = cached.find('new', signal);
    source.read = () => Promise.resolve([row('app'), row('new')]);
    slow.resolve([row('app')]);
    expect((await found).kind).toBe('found');
    expect(source.readings).toBe(2);
  });

  it('sees a new password and a dropped user within a second', async () => {
    const { cached, clock, source } = users();
    const before = await cached.find('app', signal);
    source.read = () => Promise.resolve([row('app', 'new')]);
    await clock.advance(1000);
    expect(await cached.find('app', signal)).not.toEqual(before);
    source.read = () => Promise.resolve([]);
    await clock.advance(1000);
    expect((await cached.find('app', signal)).kind).toBe('unknown');
  });

  it('serves who is known while the servers do not answer', async () => {
    const { cached, clock, source } = users();
    await cached.find('app', signal);
    source.read = unreachable;
    await clock.advance(60_000);
    expect((await cached.find('app', signal)).kind).toBe('found');
    await expect(cached.find('other', signal)).rejects.toThrow('unreachable');
  });

  it('waits half a second for servers that hang', async () => {
    const { cached, clock, source } = users();
    await cached.find('app', signal);
    source.read = () => new Promise(() => {});
    await clock.advance(1000);
    const found = cached.find('app', signal);
    await clock.advance(499);
    let isDone = false;
    void found.then(() => (isDone = true));
    await settle();
    expect(isDone).toBe(false);
    await clock.advance(1);
    expect((await found).kind).toBe('found');
  });

  it('waits longer for them after a change of the users, whose former state would let in who must not come in', async () => {
    const { cached, clock, source } = users();
    await cached.find('app', signal);
    const slow = Promise.withResolvers<readonly UsersRow[]>();
    source.read = () => slow.promise;
    cached.invalidate();
    let kind = '';
    void cached.find('app', signal).then((found) => (kind = found.kind));
    await clock.advance(4999);
    expect(kind).toBe('');
    slow.resolve([]);
    await settle();
    expect(kind).toBe('unknown');

    source.read = () => Promise.resolve([row('app')]);
    await clock.advance(1000);
    await cached.find('app', signal);
    source.read = () => new Promise(() => {});
    cached.invalidate();
    void cached.find('app', signal).then((found) => (kind = found.kind));
    await clock.advance(5000);
    expect(kind).toBe('found');
  });

  it('ends a wait with its signal', async () => {
    const { cached, source } = users();
    source.read = () => new Promise(() => {});
    const abort = new AbortController();
    const found = cached.find('app', abort.signal);
    abort.abort(new Error('bye'));
    await expect(found).rejects.toThrow('bye');
  });

  it('believes no reading that began before the users were changed', async () => {
    const { cached, source } = users();
    const old = Promise.withResolvers<readonly UsersRow[]>();
    source.read = () => old.promise;
    const early = cached.find('app', signal);
    cached.invalidate();
    source.read = () => Promise.resolve([row('app'), row('new')]);
    expect((await cached.find('new', signal)).kind).toBe('found');
    old.resolve([]);
    expect((await early).kind).toBe('found');
    expect((await cached.find('new', signal)).kind).toBe('found');
    expect(source.readings).toBe(2);
  });

  it('reads again and again while it runs, through failures', async () => {
    const { cached, clock, source } = users();
    const stop = new AbortController();
    source.read = unreachable;
    const running = cached.run(stop.signal);
    await clock.advance(5000);
    source.read = () => Promise.resolve([row('app')]);
    await clock.advance(5000);
    source.read = unreachable;
    expect((await cached.find('app', signal)).kind).toBe('found');
    stop.abort(new Error('over'));
    await running;
    expect(source.readings).toBe(3);
  });
});
