import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { LogFormat, LogLevel } from './winston-logger.ts';
import { openLog } from './winston-logger.ts';

function open(format: LogFormat, level: LogLevel = 'info') {
  const stream = new PassThrough();
  const output = openLog({ level, format, stream });
  const text = stream.setEncoding('utf8').toArray();
  return {
    ...output,
    async lines() {
      await output.close();
      stream.end();
      return (await text)
        .join('')
        .split('\n')
        .filter((line) => line !== '');
    },
  };
}

describe('openLog', () => {
  it('writes one JSON object a line with inherited fields', async () => {
    const log = open('json');
    log.logger
      .child({ controller: 'sharded-cluster' })
      .info('reconciled', { key: 'default/shop', password: 'x' });
    const [line] = await log.lines();
    expect(JSON.parse(line ?? '')).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      level: 'info',
      message: 'reconciled',
      controller: 'sharded-cluster',
      key: 'default/shop',
      password: '[redacted]',
    });
  });

  it('does not let a field replace the message or the level', async () => {
    const log = open('json');
    log.logger.warn('true message', { message: 'false', level: 'debug', time: 'never' });
    expect(JSON.parse((await log.lines())[0] ?? '')).toMatchObject({
      message: 'true message',
      level: 'warn',
    });
  });

  it('writes text for people, quoting what holds a space', async () => {
    const log = open('text');
    log.logger.error('failed', { error: new Error('no route').message, attempts: 2, absent: undefined });
    expect((await log.lines())[0]).toMatch(/Z error failed error="no route" attempts=2$/);
  });

  it('drops what is less severe than the level', async () => {
    const log = open('json', 'warn');
    log.logger.info('quiet');
    log.logger.debug('quieter');
    log.logger.error('loud');
    expect(await log.lines()).toHaveLength(1);
  });

  it('has written every line once closed', async () => {
    const log = open('json');
    for (let index = 0; index < 1000; index += 1) {
      log.logger.info('line', { index });
    }
    expect(await log.lines()).toHaveLength(1000);
  });
});
