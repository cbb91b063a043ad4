import { beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../runtime/logger.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { renderHosts, writeHosts } from './hosts-file.ts';
import { createPeerResolver, type PeerResolver } from './peer-resolver.ts';

describe('the addresses of peers', () => {
  let clock: FakeClock;
  let service: Map<string, string>;
  let names: string[];
  let asked: number;
  let isSuspect: boolean;
  let told: string[][];
  let failures: number;
  let refused: string | null;
  let resolver: PeerResolver;

  beforeEach(() => {
    clock = new FakeClock();
    service = new Map([
      ['a', '10.0.0.1'],
      ['b', '10.0.0.2'],
    ]);
    [names, asked, isSuspect, told, failures, refused] = [['a', 'b'], 0, false, [], 0, null];
    resolver = createPeerResolver({
      names: () => names,
      isSuspect: () => isSuspect,
      refused: () => refused,
      async resolve(name) {
        asked += 1;
        const address = service.get(name);
        if (address === undefined) {
          throw new Error('no answer');
        }
        return address;
      },
      async onChange(addresses) {
        if (failures > 0) {
          failures -= 1;
          throw new Error('disk');
        }
        told.push([...addresses.values()]);
      },
      clock,
      logger: silentLogger,
    });
    void resolver.run(new AbortController().signal);
  });

  it('are passed on once, and asked for again now and then', async () => {
    await clock.advance(30_000);
    expect(told).toEqual([['10.0.0.1', '10.0.0.2']]);
    expect(asked).toBe(2 * 16);
    expect([resolver.address('a'), resolver.address('c')]).toEqual(['10.0.0.1', undefined]);
  });

  it('outlast the name service, and are forgotten with the member', async () => {
    await clock.advance(1000);
    service.clear();
    await clock.advance(60_000);
    expect(resolver.address('a')).toBe('10.0.0.1');
    names = ['b'];
    await clock.advance(10_000);
    expect(told.at(-1)).toEqual(['10.0.0.2']);
  });

  it('are asked for more often while one is unknown, or somebody cannot be reached', async () => {
    names = ['a', 'c'];
    await clock.advance(3000);
    service.set('c', '10.0.0.3');
    await clock.advance(1000);
    expect(told.at(-1)).toEqual(['10.0.0.1', '10.0.0.3']);
    service.set('a', '10.0.0.9');
    isSuspect = true;
    await clock.advance(1000);
    expect(resolver.address('a')).toBe('10.0.0.9');
  });

  it('lead nowhere for a name that is refused, for others than this process', async () => {
    await clock.advance(1000);
    refused = 'a';
    await resolver.tell();
    expect(told.at(-1)).toEqual(['255.255.255.255', '10.0.0.2']);
    expect(resolver.address('a')).toBe('10.0.0.1');
    await resolver.tell();
    expect(told).toHaveLength(2);
    refused = null;
    await clock.advance(1000);
    expect(told.at(-1)).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  it('are passed on again where that has failed', async () => {
    failures = 2;
    await clock.advance(5000);
    expect(told).toEqual([['10.0.0.1', '10.0.0.2']]);
  });
});

describe('writeHosts', () => {
  it('leaves nothing of what was longer, in the file that is there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shardwright-hosts-'));
    try {
      const path = join(folder, 'hosts');
      expect(await writeHosts(path, new Map())).toBe(false);
      await writeFile(path, '');
      const long = new Map([
        ['b.svc', '10.0.0.22'],
        ['a.svc', '10.0.0.111'],
      ]);
      expect(await writeHosts(path, long)).toBe(true);
      const before = await readFile(path, 'utf8');
      expect(before).toBe(renderHosts(long));
      expect(before).toContain('\n10.0.0.22 b.svc\n10.0.0.111 a.svc\n');
      await writeHosts(path, new Map([['a.svc', '10.0.0.1']]));
      const after = await readFile(path, 'utf8');
      expect(after.trimEnd()).toBe(renderHosts(new Map([['a.svc', '10.0.0.1']])).trimEnd());
      expect(after).toHaveLength(before.length);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
