import { describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import {
  kindConfiguration,
  planApiServer,
  planBuild,
  planDown,
  planLoad,
  planNodeAction,
  planUp,
} from './plan.ts';
import type { PlannedCommand } from './plan.ts';

const line = (command: PlannedCommand): string => [command.program, ...command.arguments].join(' ');

describe('kindConfiguration', () => {
  it('has a control plane and workers in three zones', () => {
    const configuration = load(kindConfiguration(4)) as {
      nodes: { role: string; labels?: Record<string, string> }[];
    };
    expect(configuration.nodes.map((node) => node.role)).toEqual([
      'control-plane',
      'worker',
      'worker',
      'worker',
      'worker',
    ]);
    expect(configuration.nodes.slice(1).map((node) => node.labels?.['topology.kubernetes.io/zone'])).toEqual([
      'zone-a',
      'zone-b',
      'zone-c',
      'zone-a',
    ]);
  });
});

describe('planUp', () => {
  const options = { exists: false, stopped: [], nodes: 3, kubeconfigPath: '/dev/kubeconfig' };

  it('makes a cluster where there is none', () => {
    const plan = planUp(options);
    expect(plan.map(line)).toEqual([
      'kind create cluster --name shardwright --config - --kubeconfig /dev/kubeconfig --wait 180s',
      'docker exec --interactive shardwright-control-plane kubectl --kubeconfig=/etc/kubernetes/admin.conf apply --filename=-',
    ]);
    expect(plan[0]?.input).toContain('role: control-plane');
    expect(plan[1]?.input).toContain('rancher.io/local-path');
  });

  it('reuses a cluster, and starts nodes that are down', () => {
    expect(
      planUp({ ...options, exists: true, stopped: ['shardwright-worker2'] })
        .map(line)
        .slice(0, 2),
    ).toEqual([
      'docker start shardwright-worker2',
      'kind export kubeconfig --name shardwright --kubeconfig /dev/kubeconfig',
    ]);
  });
});

describe('planNodeAction', () => {
  it.each([
    ['kill', true, ['docker kill w']],
    ['kill', false, []],
    ['restart', true, ['docker kill w', 'docker start w']],
    ['restart', false, ['docker start w']],
    ['isolate', false, []],
    ['heal', false, []],
  ] as const)('%s, running %s', (action, running, expected) => {
    expect(planNodeAction(action, 'w', running).map(line)).toEqual(expected);
  });

  it('cuts a node off both ways, once, and heals it wholly', () => {
    const [isolate] = planNodeAction('isolate', 'w', true).map(line);
    expect(isolate).toContain(
      'iptables -t raw -C PREROUTING -i eth0 -j DROP 2>/dev/null || iptables -t raw -I PREROUTING',
    );
    expect(isolate).toContain('iptables -t mangle -I POSTROUTING -o eth0 -j DROP');
    const [heal] = planNodeAction('heal', 'w', true).map(line);
    expect(heal).toContain('while iptables -t raw -D PREROUTING -i eth0 -j DROP');
  });
});

describe('images and removal', () => {
  it('builds with the arguments given and loads into every node', () => {
    const request = {
      dockerfile: '/Dockerfile',
      context: '/dist',
      tag: 'localhost/a:1',
      buildArguments: { BASE: 'b' },
    };
    expect(planBuild(request).map(line)).toEqual([
      'docker build --tag localhost/a:1 --file /Dockerfile --build-arg BASE=b /dist',
    ]);
    expect(planLoad('localhost/a:1').map(line)).toEqual([
      'kind load docker-image localhost/a:1 --name shardwright',
    ]);
    expect(planDown().map(line)).toEqual(['kind delete cluster --name shardwright']);
  });
});

describe('planApiServer', () => {
  const [manifests, aside] = ['/etc/kubernetes/manifests', '/etc/kubernetes'];
  it.each<['stop' | 'start', string]>([
    ['stop', `mv ${manifests}/kube-apiserver.yaml ${aside}/`],
    ['start', `mv ${aside}/kube-apiserver.yaml ${manifests}/`],
  ])('%s moves what its kubelet runs, once', (action, move) => {
    const [command, ...more] = planApiServer(action).map(line);
    expect(more).toEqual([]);
    expect(command).toContain(`docker exec shardwright-control-plane sh -ec test ! -e `);
    expect(command).toContain(move);
  });
});
