import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { binaryPath } from '../cluster/binaries/index.ts';
import { runCommand, tryCommand } from '../cluster/machine/command.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { eventually } from '../install/eventually.ts';

/**
 * The life of a cluster of its own, beside the developer's: made, used, hurt, mended and removed without a trace.
 * Bare provider only: needs root on Linux.
 */
const instance = 'proof';
const stateFolder = `/var/lib/shardwright/cluster-${instance}`;
const kubeconfig = join(checkoutFolder, '.dev', `kubeconfig-${instance}`);
const environment = { SHARDWRIGHT_CLUSTER: instance, KUBECONFIG: kubeconfig };
const image = 'localhost/shardwright-proof:test';

let before: Record<string, string[]>;
let kubectlProgram: string;
/** The addresses of this cluster, as `ip route` shows the guard against packets that leave the machine. */
let ownRange = '';

/** Elsewhere, as on a public CI with Docker, the bare provider refuses, and says why. */
const canRunBare = process.platform === 'linux' && process.geteuid?.() === 0;

if (canRunBare) {
  describe('a development cluster', () => {
    lifeOfACluster();
  });
} else {
  it('says what the bare cluster needs', async () => {
    const outcome = await tryCluster('up');
    expect(outcome.exitCode).toBe(1);
    expect(outcome.standardError).toMatch(/needs root|runs on Linux only/);
  });
}

function lifeOfACluster(): void {
  beforeAll(async () => {
    kubectlProgram = await binaryPath('kubectl');
    await cluster('down');
    before = await takeInventory();
    await cluster('up', '--nodes', '2');
    ownRange = `10.${String(ownOctet())}.0.0/16`;
    await loadTestImage();
  }, 600_000);

  afterAll(async () => {
    await cluster('down');
  }, 300_000);

  it('is left alone when it is healthy', async () => {
    const seconds: number[] = [];
    for (let run = 0; run < 3; run += 1) {
      const started = performance.now();
      expect(await cluster('up')).toContain('nothing to do');
      seconds.push((performance.now() - started) / 1000);
    }
    // The quickest of three, as tests share the machine with whatever else runs on it.
    expect(Math.min(...seconds)).toBeLessThan(10);
  });

  it('runs restricted pods with volumes of their own on different nodes', async () => {
    await kubectl(['apply', '--filename=-'], JSON.stringify(workload()));
    await kubectl(['rollout', 'status', 'statefulset/web', '--namespace=proof', '--timeout=240s']);
    const nodes = await kubectl([
      'get',
      'pods',
      '--namespace=proof',
      '--output=jsonpath={.items[*].spec.nodeName}',
    ]);
    expect(nodes.split(' ').sort()).toEqual(['node-1', 'node-2']);
    const folder = await inPod('web-0', 'stat -c "%g %a" /data && id -u');
    expect(folder.trim().split('\n')).toEqual(['65532 2775', '65532']);
  });

  it('finds pods and Services by name, across nodes', async () => {
    const script = `
      const lookup = require('dns').promises.lookup;
      for (const name of ['web-0.web', 'web-1.web', 'kubernetes.default.svc.cluster.local']) console.log((await lookup(name)).address);
      console.log((await (await fetch('http://web-0.web:8080/')).text()).trim());
      console.log((await (await fetch('http://front/')).text()).trim());`;
    const command = `node --input-type=commonjs -e "(async () => {${script}})()"`;
    // A new Service works once every kube-proxy has heard of it.
    const output = await waitFor('names and Services to work', async () => inPod('web-1', command), {
      timeoutMilliseconds: 120_000,
      everyMilliseconds: 300,
    });
    const lines = output.trim().split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[3]).toBe('web-0');
    expect(lines[4]).toMatch(/^web-[01]$/);
  });

  it('lets the host reach Services, and shows logs', async () => {
    const address = await kubectl([
      'get',
      'service',
      'front',
      '--namespace=proof',
      '--output=jsonpath={.spec.clusterIP}',
    ]);
    const answer = await waitFor(
      'the Service to answer',
      async () => (await fetch(`http://${address}/`, { signal: AbortSignal.timeout(5000) })).text(),
      { timeoutMilliseconds: 120_000, everyMilliseconds: 300 },
    );
    expect(answer).toMatch(/^web-[01]\n$/);
    expect(await kubectl(['logs', 'web-0', '--namespace=proof'])).toContain('listening');
  });

  it('refuses what Pod Security and a disruption budget forbid', async () => {
    const run = ['run', 'careless', '--namespace=proof', `--image=${image}`];
    expect((await tryKubectl(run)).standardError).toContain('violates PodSecurity "restricted:latest"');
    const eviction = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'web-0', namespace: 'proof' },
    };
    const path = '/api/v1/namespaces/proof/pods/web-0/eviction';
    const evict = await tryKubectl(['create', `--raw=${path}`, '--filename=-'], JSON.stringify(eviction));
    expect(evict.standardError).toContain("would violate the pod's disruption budget");
  });

  it('brings a killed node back with its volumes, and touches no other', async () => {
    const victim = (
      await kubectl(['get', 'pod', 'web-1', '--namespace=proof', '--output=jsonpath={.spec.nodeName}'])
    ).trim();
    const bystander = await processOf('web-0');
    await inPod('web-1', 'echo kept > /data/kept');
    await cluster('node', 'kill', victim);
    await cluster('node', 'kill', victim);
    expect(serversRunning()).toBe(1);
    expect(await processOf('web-0')).toBe(bystander);
    await cluster('node', 'restart', victim);
    await untilInPod('web-1', 'cat /data/kept', 'kept');
    expect(await processOf('web-0')).toBe(bystander);
  });

  it('cuts a node off and connects it again, while its pods run on', async () => {
    const node = (
      await kubectl(['get', 'pod', 'web-1', '--namespace=proof', '--output=jsonpath={.spec.nodeName}'])
    ).trim();
    // A pod whose node has just come back has no address until its sandbox is made anew.
    const reach = async (): Promise<string> => {
      const address = await kubectl([
        'get',
        'pod',
        'web-1',
        '--namespace=proof',
        '--output=jsonpath={.status.podIP}',
      ]);
      return (await fetch(`http://${address}:8080/`, { signal: AbortSignal.timeout(2000) })).text();
    };
    await waitFor('web-1 to answer', async () => reach(), { timeoutMilliseconds: 120_000 });
    const process = await processOf('web-1');
    await cluster('node', 'isolate', node);
    await expect(reach()).rejects.toThrow(/timeout|fetch failed/);
    expect(await processOf('web-1')).toBe(process);
    await cluster('node', 'heal', node);
    const isBack = async () => ((await reach()) === 'web-1\n' ? true : undefined);
    await waitFor('web-1 to answer again', isBack, { timeoutMilliseconds: 120_000 });
    expect(await processOf('web-1')).toBe(process);
  });

  it('says which nodes there are when it is asked for another', async () => {
    const outcome = await tryCluster('node', 'kill', 'node-7');
    expect(outcome.exitCode).toBe(1);
    expect(outcome.standardError).toContain('The nodes are node-1, node-2.');
  });

  it('removes the folder of a deleted claim, and keeps that of a retained volume', async () => {
    await kubectl(['delete', 'statefulset', 'web', '--namespace=proof', '--wait']);
    const volume = async (claim: string): Promise<string> =>
      kubectl(['get', 'pvc', claim, '--namespace=proof', '--output=jsonpath={.spec.volumeName}']);
    const [removed, kept] = [await volume('data-web-0'), await volume('data-web-1')];
    const patch = JSON.stringify({ spec: { persistentVolumeReclaimPolicy: 'Retain' } });
    await kubectl(['patch', 'pv', kept, '--type=merge', `--patch=${patch}`]);
    await kubectl(['delete', 'pvc', '--all', '--namespace=proof', '--wait']);
    await waitFor('the folder to go', () => (volumeFolders().includes(removed) ? undefined : true), {
      timeoutMilliseconds: 120_000,
    });
    expect(volumeFolders()).toContain(kept);
    // The folder goes first, then the volume; and that the other is no longer claimed is noted in the background.
    const phaseOf = async (volumeName: string): Promise<string> =>
      kubectl(['get', 'pv', volumeName, '--ignore-not-found', '--output=jsonpath={.status.phase}']);
    for (const [volumeName, expected] of [
      [removed, ''],
      [kept, 'Released'],
    ] as const) {
      const phase = () => phaseOf(volumeName);
      expect(await eventually(phase, (found) => found === expected)).toBe(expected);
    }
  });

  it('starts a program again that was killed, and mends what is wrong', async () => {
    const apiServer = daemonPid('kube-apiserver');
    process.kill(apiServer, 'SIGKILL');
    await waitFor(
      'another API server',
      async () => ((await tryKubectl(['get', 'nodes'])).exitCode === 0 ? true : undefined),
      {
        timeoutMilliseconds: 180_000,
      },
    );
    expect(daemonPid('kube-apiserver')).not.toBe(apiServer);
    process.kill(daemonPid('caretaker'), 'SIGKILL');
    await cluster('node', 'kill', 'node-1');
    const output = await cluster('up');
    expect(output).toContain('mending the cluster');
    // Programs that were without an API server for long are started once more.
    const status = () => cluster('status');
    expect(await eventually(status, (told) => told.includes('healthy'))).toContain('healthy');
  });

  it('leaves nothing behind', async () => {
    await cluster('down');
    expect(await takeInventory()).toEqual(before);
    expect((await readLines('ip', 'route', 'show')).filter((line) => line.includes(ownRange))).toEqual([]);
    expect(existsSync(stateFolder)).toBe(false);
    expect(existsSync(kubeconfig)).toBe(false);
  });
}

/** All that this cluster could leave on its machine; what other clusters come and go with meanwhile is left out. */
async function takeInventory(): Promise<Record<string, string[]>> {
  const kernelSettings = ['vm.overcommit_memory', 'vm.panic_on_oom', 'kernel.panic', 'kernel.panic_on_oops'];
  const mountPoints = readText('/proc/self/mounts')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  const folders = ['/var/lib', '/run', '/var/log'].flatMap((folder) => readdirSync(folder));
  const shared = new Set(otherClusters().length === 0 ? [] : ['shardwright', 'cni', 'kubelet']);
  return {
    mounts: mountPoints.filter((path) => !otherStateFolder.test(path) && !buildStore.test(path)).sort(),
    interfaces: readdirSync('/sys/class/net').filter((name) => !otherInterface.test(name)),
    routes: (await readLines('ip', 'route', 'show', 'table', 'all')).filter(
      (line) => !otherInterface.test(line) && !line.startsWith('unreachable 10.'),
    ),
    firewall: (await readLines('iptables-save')).filter((line) => !line.startsWith('#')),
    controlGroups: await readLines(
      'find',
      '/sys/fs/cgroup',
      '-type',
      'd',
      '-name',
      `shardwright-${instance}*`,
    ),
    processes: (await readLines('ps', '-eo', 'args')).filter((line) => line.includes(stateFolder)),
    hosts: [readText('/etc/hosts')],
    folders: folders.filter((name) => !shared.has(name)).sort(),
    kernelSettings: await readLines('sysctl', ...kernelSettings),
  };
}

const otherInterface = new RegExp(`\\b(shardwright(0|-gw|-n\\d)|sw-(?!${instance})[a-z0-9-]+)`);
const otherStateFolder = new RegExp(`^/var/lib/shardwright/cluster(?!-${instance}/)`);

/** Mounted while somebody builds an image. */
const buildStore = /\/shardwright\/buildah\//;

function otherClusters(): string[] {
  const names = existsSync('/var/lib/shardwright') ? readdirSync('/var/lib/shardwright') : [];
  return names.filter((name) => !name.endsWith('.lock') && name !== `cluster-${instance}`);
}

async function readLines(program: string, ...programArguments: string[]): Promise<string[]> {
  const outcome = await tryCommand(program, programArguments);
  return outcome.standardOutput.split('\n').filter(Boolean).sort();
}

async function cluster(...words: string[]): Promise<string> {
  const outcome = await tryCluster(...words);
  if (outcome.exitCode !== 0) {
    throw new Error(`${words.join(' ')}: ${outcome.standardError}`);
  }
  return outcome.standardOutput + outcome.standardError;
}

async function tryCluster(...words: string[]): ReturnType<typeof tryCommand> {
  const main = join(checkoutFolder, 'test-e2e', 'cluster', 'main.ts');
  return tryCommand(process.execPath, [main, ...words, '--provider=bare'], { environment });
}

async function kubectl(words: string[], input?: string): Promise<string> {
  return runCommand(kubectlProgram, words, { environment, ...(input === undefined ? {} : { input }) });
}

async function tryKubectl(words: string[], input?: string): ReturnType<typeof tryCommand> {
  return tryCommand(kubectlProgram, words, { environment, ...(input === undefined ? {} : { input }) });
}

async function inPod(pod: string, script: string): Promise<string> {
  return kubectl(['exec', pod, '--namespace=proof', '--', 'sh', '-ec', script]);
}

async function untilInPod(pod: string, script: string, expected: string): Promise<void> {
  await waitFor(
    `${pod} to answer ${expected}`,
    async () => ((await inPod(pod, script)).trim() === expected ? true : undefined),
    { timeoutMilliseconds: 180_000, everyMilliseconds: 300 },
  );
}

/** The process id, on the host, of a pod's server. */
async function processOf(pod: string): Promise<string> {
  const uid = await kubectl(['get', 'pod', pod, '--namespace=proof', '--output=jsonpath={.metadata.uid}']);
  const servers = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isServer(name));
  return servers.find((pid) => readText(`/proc/${pid}/cgroup`).includes(uid)) ?? 'none';
}

function serversRunning(): number {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isServer(name)).length;
}

function isServer(pid: string): boolean {
  return readText(`/proc/${pid}/cmdline`).includes('/proof/server.js');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function ownOctet(): number {
  return (JSON.parse(readText(join(stateFolder, 'cluster.json'))) as { octet: number }).octet;
}

function daemonPid(name: string): number {
  return (JSON.parse(readText(join(stateFolder, 'daemons', `${name}.process`))) as { pid: number }).pid;
}

function volumeFolders(): string[] {
  return ['node-1', 'node-2'].flatMap((node) => readdirSync(join(stateFolder, 'nodes', node, 'volumes')));
}

/** Built and loaded by a child, as the cluster's name is an environment variable read once. */
async function loadTestImage(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'shardwright-proof-'));
  const context = join(folder, 'context');
  await mkdir(context);
  await writeFile(
    join(context, 'server.js'),
    `require('http').createServer((request, response) => response.end(require('os').hostname() + '\\n')).listen(8080, () => console.log('listening'));
     process.on('SIGTERM', () => process.exit(0));`,
  );
  const dockerfile = join(folder, 'Dockerfile');
  await writeFile(
    dockerfile,
    'ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY server.js /proof/server.js\nENTRYPOINT ["node", "/proof/server.js"]\n',
  );
  const provider = JSON.stringify(join(checkoutFolder, 'test-e2e', 'cluster', 'provider.ts'));
  const script = `
    const { baseImage, buildImage, loadImage } = await import(${provider});
    const request = { dockerfile: ${JSON.stringify(dockerfile)}, context: ${JSON.stringify(context)}, tag: '${image}', buildArguments: { BASE_IMAGE: await baseImage() } };
    await loadImage(await buildImage(request));`;
  await runCommand(process.execPath, ['--input-type=module', '--eval', script], { environment });
  await rm(folder, { recursive: true });
}

function metadata(name: string): object {
  return { name, namespace: 'proof' };
}

function workload(): object {
  const labels = { app: 'web' };
  const container = {
    name: 'web',
    image,
    imagePullPolicy: 'Never',
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  const pod = {
    terminationGracePeriodSeconds: 1,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      fsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } },
        ],
      },
    },
    containers: [container],
  };
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'proof', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: metadata('web'),
        spec: { clusterIP: 'None', selector: labels, ports: [{ port: 8080 }] },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: metadata('front'),
        spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
      },
      {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: metadata('web'),
        spec: { maxUnavailable: 0, selector: { matchLabels: labels } },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: metadata('web'),
        spec: {
          replicas: 2,
          serviceName: 'web',
          podManagementPolicy: 'Parallel',
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: pod },
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          ],
        },
      },
    ],
  };
}
