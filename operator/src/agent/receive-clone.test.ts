import { describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import type { CloneTarget } from '../engines/clone.ts';
import type { Position } from '../engines/position.ts';
import { silentLogger } from '../runtime/logger.ts';
import { CloneError } from './clone-client.ts';
import type { AgentActivity } from './protocol/agent-state.ts';
import { receiveClone, type RequestClone } from './receive-clone.ts';

const SIGNAL = new AbortController().signal;

const target: CloneTarget = {
  async receive(bytes, { onProgress }) {
    onProgress?.({ step: 'transfer', bytes: 1 });
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      expect(chunk.length).toBeGreaterThan(0);
    }
    onProgress?.({ step: 'prepare', bytes: 10 });
    onProgress?.({ step: 'finish', bytes: 10 });
    return '0-1-1' as Position;
  },
};

function clone(request: RequestClone, sources = ['replica', 'primary']) {
  const activities: AgentActivity[] = [];
  const done = receiveClone(
    { sources, request, target, onActivity: (activity) => activities.push(activity), logger: silentLogger },
    SIGNAL,
  );
  return { activities, done };
}

describe('receiveClone', () => {
  it('goes to the next source when one has nothing to give, and tells how far it is', async () => {
    const { activities, done } = clone(async (pod, onProgress) => {
      if (pod === 'replica') {
        throw new CloneError('Unavailable', 'busy');
      }
      onProgress({ bytes: 5, estimatedBytes: 10, bytesPerSecond: 100 });
      return { bytes: Readable.from([Buffer.from('0123456789')]), estimatedBytes: 10 };
    });
    await done;
    expect(
      activities.map((activity) => activity.kind === 'cloning' && [activity.source, activity.step]),
    ).toEqual([
      ['replica', 'transfer'],
      ['primary', 'transfer'],
      ['primary', 'transfer'],
      ['primary', 'prepare'],
      ['primary', 'finish'],
    ]);
    expect(activities.at(-1)).toMatchObject({ bytes: 5, estimatedBytes: 10, bytesPerSecond: 100 });
  });

  it('starts over rather than going on with another source when one fails half-way', async () => {
    const asked: string[] = [];
    const { done } = clone(async (pod) => {
      asked.push(pod);
      const bytes = new Readable({ read() {} });
      process.nextTick(() => bytes.destroy(new CloneError('Truncated', 'cut short')));
      return { bytes, estimatedBytes: 10 };
    });
    await expect(done).rejects.toThrow('cut short');
    expect(asked).toEqual(['replica']);
  });

  it('says why nobody gives one', async () => {
    const { done } = clone(async (pod) => {
      throw new CloneError('Unavailable', `${pod} is busy`);
    });
    await expect(done).rejects.toThrow(/replica is busy; primary is busy/);
    await expect(clone(async () => Promise.reject(new Error('x')), []).done).rejects.toThrow(/there is none/);
  });
});
