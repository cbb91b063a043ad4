/** What a cluster at which nothing happens costs the API server. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { World } from '../sharded-cluster/world.ts';

/** Figures of the status are written once a minute. */
const MEASURED_SECONDS = 180;
/** Nothing was sent for so long: what the creation has set off is over. */
const QUIET_MILLISECONDS = 10_000;
const MOST_REQUESTS_PER_SECOND = 0.02;

let world: World;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shardwright-idle-'));
  world = await World.open('operator-idle');
  await world.startOperator({
    NODE_OPTIONS: `--import=${new URL('../operator/record-requests.ts', import.meta.url).href}`,
    SHARDWRIGHT_REQUEST_LOG: join(folder, 'requests'),
  });
});

afterAll(async () => {
  await world?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Every request the operator has sent so far, as `METHOD PATH STATUS`, without Leases and watches. */
async function requests(): Promise<string[]> {
  const lines = (await readFile(join(folder, 'requests'), 'utf8')).trim().split('\n');
  return lines.filter((line) => !/[?&]watch=(true|1)/.test(line) && !line.includes('/leases'));
}

describe('an idle cluster', () => {
  it(`costs at most ${MOST_REQUESTS_PER_SECOND} requests a second`, async () => {
    await world.createCluster('idle', { shards: 2 });
    await world.untilReady('idle');
    for (let before = -1, now = (await requests()).length; now !== before; now = (await requests()).length) {
      before = now;
      await delay(QUIET_MILLISECONDS);
    }
    const before = (await requests()).length;
    await delay(MEASURED_SECONDS * 1000);
    const sent = (await requests()).slice(before);
    console.log(`${sent.length} requests in ${MEASURED_SECONDS} s, ${before} for the creation`);
    const allowed = MOST_REQUESTS_PER_SECOND * MEASURED_SECONDS;
    expect(sent.length <= allowed ? [] : sent).toEqual([]);
  });
});
