import { describe, expect, it } from '@jest/globals';
import { nodeLayout } from './layout.ts';
import { networkPlan, nodeNetwork } from './network-plan.ts';
import {
  containerdConfiguration,
  kubeletConfiguration,
  podNetworkConfiguration,
  proxyConfiguration,
} from './node-configuration.ts';

const plan = networkPlan(207);

describe('kubeletConfiguration', () => {
  const configuration = kubeletConfiguration(nodeLayout(2), plan, 'cluster.local');

  it('keeps the pods of each node in a control group of its own', () => {
    expect(configuration).toMatchObject({
      cgroupRoot: `/${nodeLayout(2).cgroup}`,
      cgroupDriver: 'cgroupfs',
      failCgroupV1: false,
    });
    expect(nodeLayout(2).cgroup).toMatch(/\/node-2$/);
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
