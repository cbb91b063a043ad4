import { describe, expect, it } from '@jest/globals';
import { parseCgroupMounts } from './cgroups.ts';
import { launchCommand } from './daemon.ts';
import { mountsBelow } from './down.ts';
import { nodeLayout, nodeLayouts } from './layout.ts';
import { networkPlan, nodeNetwork } from './network-plan.ts';
import {
  containerdConfiguration,
  kubeletConfiguration,
  podNetworkConfiguration,
  proxyConfiguration,
} from './node-configuration.ts';
import { hasResourceCapability } from './node.ts';

const plan = networkPlan(207);

describe('kubeletConfiguration', () => {
  const configuration = kubeletConfiguration(nodeLayout(2), plan, 'cluster.local');

  it('keeps the pods of each node in a control group of its own', () => {
    expect(configuration).toMatchObject({
      cgroupRoot: '/shardwright/node-2',
      cgroupDriver: 'cgroupfs',
      failCgroupV1: false,
    });
  });

  it('never removes images, which no registry could give back', () => {
    expect(configuration['imageGCHighThresholdPercent']).toBe(100);
  });

  it('asks the API server who may exec and read logs', () => {
    expect(configuration).toMatchObject({
      authentication: { anonymous: { enabled: false }, webhook: { enabled: true } },
      authorization: { mode: 'Webhook' },
    });
  });
});

describe('containerdConfiguration', () => {
  it.each([true, false])(
    'restricts the OOM score where the capability is missing: %s',
    (restrictOomScore) => {
      const text = containerdConfiguration(nodeLayout(1), {
        pauseImage: 'localhost/pause:1',
        networkPluginsFolder: '/usr/lib/cni',
        snapshotter: 'overlayfs',
        restrictOomScore,
      });
      expect(text).toContain(`restrict_oom_score_adj = ${String(restrictOomScore)}`);
      expect(text).toContain('sandbox_image = "localhost/pause:1"');
      expect(text).toContain('bin_dir = "/usr/lib/cni"');
    },
  );
});

describe('podNetworkConfiguration', () => {
  it('gives addresses from the subnet of the node', () => {
    const configuration: unknown = JSON.parse(podNetworkConfiguration(nodeNetwork(plan, 3), plan));
    expect(configuration).toMatchObject({
      plugins: [{ ipam: { ranges: [[{ subnet: '10.207.3.0/24' }]] } }, {}],
    });
  });
});

describe('proxyConfiguration', () => {
  it('leaves the connection tracking limits of the machine alone', () => {
    expect(proxyConfiguration('/k', 'node-1', plan)).toMatchObject({ conntrack: { maxPerCore: 0, min: 0 } });
  });
});

describe('nodeLayouts', () => {
  it('spreads nodes over three zones and fits interface names into fifteen characters', () => {
    const nodes = nodeLayouts(9);
    expect(nodes.slice(0, 4).map((node) => node.zone)).toEqual(['zone-a', 'zone-b', 'zone-c', 'zone-a']);
    expect(nodes.every((node) => node.hostInterface.length <= 15)).toBe(true);
    expect(nodes.every((node) => node.containerdSocket.length < 108)).toBe(true);
  });
});

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

describe('hasResourceCapability', () => {
  it.each([
    ['CapEff:\t000001ffffffffff', true],
    ['CapEff:\t000001fffeffffff', false],
    ['', false],
  ])('reads %j', (status, expected) => {
    expect(hasResourceCapability(status)).toBe(expected);
  });
});
