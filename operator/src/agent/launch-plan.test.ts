import { describe, expect, it } from '@jest/globals';
import { completeLaunch } from './launch-plan.ts';

const PLAN = { program: 'sh', arguments: ['-c', 'true'], environment: { EPOCH: '3' } };

describe('completeLaunch', () => {
  it('finds the program along the search path, and hands that on', async () => {
    const plan = await completeLaunch(PLAN, '/nowhere::/bin:/usr/bin');
    expect(plan).toEqual({
      program: '/bin/sh',
      arguments: ['-c', 'true'],
      environment: { PATH: '/nowhere::/bin:/usr/bin', EPOCH: '3' },
    });
  });

  it('leaves an absolute path as it is', async () => {
    expect((await completeLaunch({ ...PLAN, program: '/opt/server' }, '/bin')).program).toBe('/opt/server');
  });

  it('says which program an image lacks', async () => {
    await expect(completeLaunch({ ...PLAN, program: 'mariadbd' }, '/nowhere')).rejects.toThrow(
      'the image has no program mariadbd',
    );
  });
});
