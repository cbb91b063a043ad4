import { describe, expect, it } from '@jest/globals';
import { parseCgroupMounts } from './cgroups.ts';

describe('parseCgroupMounts', () => {
  it('finds every hierarchy of version 1, and the second version beside it', () => {
    const mounts = [
      'tmpfs /sys/fs/cgroup tmpfs rw 0 0',
      'cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0',
      'cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0',
      'cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0',
    ].join('\n');
    expect(parseCgroupMounts(mounts)).toEqual({
      version: 1,
      mountPoints: ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/pids', '/sys/fs/cgroup/unified'],
    });
  });

  it('finds version 2', () => {
    expect(parseCgroupMounts('cgroup2 /sys/fs/cgroup cgroup2 rw 0 0')).toEqual({
      version: 2,
      mountPoints: ['/sys/fs/cgroup'],
    });
  });

  it('refuses a machine without control groups', () => {
    expect(() => parseCgroupMounts('proc /proc proc rw 0 0')).toThrow(/no control group/);
  });
});
