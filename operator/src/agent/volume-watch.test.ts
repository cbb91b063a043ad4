import { describe, expect, it } from '@jest/globals';
import { known } from '../engines/measure.ts';
import type { MemberFiles } from '../engines/member-files.ts';
import type { Position } from '../engines/position.ts';
import { silentLogger } from '../runtime/logger.ts';
import { FakeClock, settle } from '../runtime/testing/fake-clock.ts';
import type { ServerState } from './protocol/agent-state.ts';
import { VolumeWatch } from './volume-watch.ts';

const signal = new AbortController().signal;
const RUNNING: ServerState = { kind: 'running', pid: 7, epoch: 3, role: 'replica', startedAt: 0 };

function endedBy(pid: number | null): ServerState {
  return { kind: 'ended', lastExit: pid === null ? null : { pid, code: 1, signal: null, at: 0 } };
}

function makeWatch() {
  const disk = { own: '0-1-5', received: '0-1-9', fails: false };
  const files: Partial<MemberFiles> = {
    inspect: async () => ({ kind: 'ready', origin: 'clone', engineVersion: '11.8.6' }),
    readOwnEnd: async () => {
      if (disk.fails) {
        throw new Error('not readable now');
      }
      return known(disk.own as Position);
    },
    readReceivedEnd: async () => known(disk.received as Position),
  };
  const watch = new VolumeWatch({
    volumePath: '/volume',
    files: () => files as MemberFiles,
    clock: new FakeClock(),
    logger: silentLogger,
    measure: async () => ({ usedBytes: 1, totalBytes: 2 }),
    onEnds: () => {},
  });
  const look = async (server: ServerState): Promise<unknown> => {
    await watch.look(server, signal);
    await settle();
    const { ends } = watch;
    return ends?.own.kind === 'known' ? ends.own.value : null;
  };
  return { disk, watch, look };
}

describe('the ends of the logs of a server that is down', () => {
  it('are read once it has ended, and forgotten when it starts', async () => {
    const { look, watch } = makeWatch();
    expect(await look(RUNNING)).toBeNull();
    expect(await look(endedBy(7))).toBe('0-1-5');
    expect(watch.ends?.received).toEqual(known('0-1-9'));
    expect(await look(RUNNING)).toBeNull();
  });

  it('are read again after a server that nobody saw running', async () => {
    const { disk, look } = makeWatch();
    expect(await look(endedBy(7))).toBe('0-1-5');
    disk.own = '0-1-4';
    expect(await look(endedBy(7))).toBe('0-1-5');
    expect(await look(endedBy(8))).toBe('0-1-4');
  });

  it('are read again where that failed', async () => {
    const { disk, look } = makeWatch();
    disk.fails = true;
    expect(await look(endedBy(null))).toBeNull();
    disk.fails = false;
    expect(await look(endedBy(null))).toBe('0-1-5');
  });
});
