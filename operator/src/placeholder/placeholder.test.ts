import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { silentLogger } from '../runtime/logger.ts';
import { MARKER_FILE, placeholderSettings, runPlaceholder } from './placeholder.ts';

describe('placeholder', () => {
  let dataDirectory: string;

  beforeEach(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), 'placeholder-'));
  });
  afterEach(async () => {
    await rm(dataDirectory, { recursive: true });
  });

  async function startOnce(podName: string): Promise<string> {
    const stop = new AbortController();
    const { promise: listening, resolve } = Promise.withResolvers<number>();
    const running = runPlaceholder({ dataDirectory, port: 0, podName }, silentLogger, stop.signal, resolve);
    const answer = await text(connect({ port: await listening, host: '127.0.0.1' }));
    stop.abort(new Error('enough'));
    await running;
    return answer;
  }

  it('marks the volume, answers, and stops when told to', async () => {
    expect(await startOnce('demo-shard-0-0')).toBe('shardwright placeholder pod=demo-shard-0-0 starts=1\n');
    expect(await readFile(join(dataDirectory, MARKER_FILE), 'utf8')).toBe('demo-shard-0-0\n');
  });

  it('counts the starts the volume has seen', async () => {
    await startOnce('demo-shard-0-0');
    expect(await startOnce('demo-shard-0-0')).toContain('starts=2');
  });

  it('fails when the volume cannot be written', async () => {
    const settings = { dataDirectory: join(dataDirectory, 'missing'), port: 0, podName: 'p' };
    await expect(runPlaceholder(settings, silentLogger, new AbortController().signal)).rejects.toThrow(
      'ENOENT',
    );
  });

  it('reads its settings from the environment', () => {
    expect(
      placeholderSettings({
        SHARDWRIGHT_DATA_DIRECTORY: '/data',
        SHARDWRIGHT_PORT: '4000',
        SHARDWRIGHT_POD_NAME: 'p',
      }),
    ).toEqual({ dataDirectory: '/data', port: 4000, podName: 'p' });
    expect(placeholderSettings({})).toEqual({
      dataDirectory: '/var/lib/mysql',
      port: 3306,
      podName: 'unknown',
    });
    expect(() => placeholderSettings({ SHARDWRIGHT_PORT: 'x' })).toThrow(TypeError);
  });
});
