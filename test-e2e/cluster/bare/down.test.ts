import { describe, expect, it } from '@jest/globals';
import { mountsBelow } from './down.ts';

describe('mountsBelow', () => {
  it('lists the mounts of the folder, innermost first, and no neighbour', () => {
    const mounts = [
      'nsfs /state/a nsfs',
      'tmpfs /state/a/b tmpfs',
      'nsfs /state-2/c nsfs',
      'ext4 / ext4',
    ].join('\n');
    expect(mountsBelow(mounts, '/state')).toEqual(['/state/a/b', '/state/a']);
  });
});
