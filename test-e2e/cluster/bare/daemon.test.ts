import { describe, expect, it } from '@jest/globals';
import { launchCommand } from './daemon.ts';

describe('launchCommand', () => {
  const daemon = {
    name: 'node-1-kubelet',
    program: '/bin/kubelet',
    arguments: ['--v=1'],
    restart: 'always',
    wanted: true,
  } as const;

  it('joins the control groups, enters the namespaces and becomes the program', () => {
    expect(
      launchCommand(
        { ...daemon, joinFiles: ['/cg/a/cgroup.procs', '/cg/b/cgroup.procs'], networkNamespace: '/ns' },
        77,
      ),
    ).toEqual([
      '/bin/sh',
      '-ec',
      'echo $$ > /cg/a/cgroup.procs\necho $$ > /cg/b/cgroup.procs\nexec "$@"',
      'sh',
      'nsenter',
      '--net=/ns',
      '--mount=/proc/77/ns/mnt',
      '--',
      '/bin/kubelet',
      '--v=1',
    ]);
  });

  it('enters nothing on the host', () => {
    expect(launchCommand({ ...daemon, joinFiles: [] }, undefined)).not.toContain('nsenter');
  });
});
