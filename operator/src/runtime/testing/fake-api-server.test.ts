import { describe, expect, it } from '@jest/globals';
import { conformanceCases } from './conformance.ts';
import { FakeApiServer } from './fake-api-server.ts';
import { FakeClock } from './fake-clock.ts';

describe('the fake API server keeps the promises the real one makes', () => {
  it.each(conformanceCases)('$name', async ({ run }) => {
    const client = new FakeApiServer(new FakeClock());
    const signal = new AbortController().signal;
    const kept = run({ client, namespace: 'test', signal, compact: async () => client.compact() });
    await expect(kept).resolves.toBeUndefined();
  });
});
