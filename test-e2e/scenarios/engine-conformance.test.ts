import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CONFORMANCE_STORIES } from '../../operator/src/engines/conformance.ts';
import { beginStory, type Story } from '../../operator/src/engines/conformance/story.ts';
import { hostShard, type DisposableShard } from '../mariadb/hosted-shard.ts';
import { PACKAGED_MARIADB } from '../mariadb/root-file-system.ts';

const RUNS = PACKAGED_MARIADB.flatMap((packaged) =>
  CONFORMANCE_STORIES.map(({ name, cases }) => ({ packaged, version: packaged.version, name, cases })),
);

describe.each(RUNS)('MariaDB $version conforms to the engine port: $name', ({ packaged, cases }) => {
  let shard: DisposableShard | undefined;
  let story: Story | undefined;
  let failed: string | undefined;
  const stop = new AbortController();

  beforeAll(async () => {
    shard = await hostShard(packaged);
    story = beginStory(shard, stop.signal);
  });

  afterAll(async () => {
    stop.abort(new Error('the suite has ended'));
    await shard?.dispose();
  });

  // The cases tell one story: after a failure the state that the next one goes on from is not there.
  it.each(cases)('$name', async (step) => {
    if (failed !== undefined || story === undefined) {
      throw new Error(`not run: ${failed ?? 'the shard was not made'}`);
    }
    failed = `"${step.name}" failed before`;
    await expect(step.run(story)).resolves.toBeUndefined();
    failed = undefined;
  });
});
