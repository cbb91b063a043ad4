import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openClusterApi } from '../cluster/api/client.ts';
import type { ClusterApi } from '../cluster/api/client.ts';
import { startControlPlane } from '../cluster/control-plane/index.ts';
import type { ControlPlane } from '../cluster/control-plane/index.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { waitFor } from '../cluster/machine/wait.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

function configMap(name: string): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
}

/** Processes of this machine whose command line names the folder. */
function processesNaming(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}

describe('a private control plane', () => {
  let controlPlane: ControlPlane;
  let api: ClusterApi;

  beforeAll(async () => {
    controlPlane = await startControlPlane({ components: ['controller-manager'] });
    api = openClusterApi(controlPlane.kubeconfigPath);
  }, 600_000);

  afterAll(async () => {
    api.close();
    await controlPlane.stop();
  });

  it('keeps its address and its objects across a restart', async () => {
    await api.create(configMaps, configMap('kept'));
    await controlPlane.restartApiServer('SIGKILL');
    expect(await api.get(`${configMaps}/kept`)).toBeDefined();
  });

  it('answers 410 Gone for a list that continues from before a compaction', async () => {
    await api.create(configMaps, configMap('one'));
    await api.create(configMaps, configMap('two'));
    const page = await api.get<{ metadata: { continue: string } }>(`${configMaps}?limit=1`);
    await api.create(configMaps, configMap('three'));
    await controlPlane.compact();
    const next = encodeURIComponent(page?.metadata.continue ?? '');
    const status = await waitFor(
      'the refusal',
      async () => api.get(`${configMaps}?limit=1&continue=${next}`).then(() => undefined, String),
      { timeoutMilliseconds: 120_000, everyMilliseconds: 500 },
    );
    expect(status).toMatch(/410/);
  });

  it('removes a namespace, as its controllers run', async () => {
    const path = '/api/v1/namespaces/short-lived';
    await api.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'short-lived' },
    });
    await api.remove(path);
    await waitFor(
      'the namespace to go',
      async () => ((await api.get(path)) === undefined ? true : undefined),
      {
        timeoutMilliseconds: 120_000,
      },
    );
    expect(await api.get(path)).toBeUndefined();
  });

  it('ends with its caller, even one that is killed, and the next start removes its folder', async () => {
    const module = JSON.stringify(join(checkoutFolder, 'test-e2e', 'cluster', 'control-plane', 'index.ts'));
    const script = `const { startControlPlane } = await import(${module});
      process.stdout.write((await startControlPlane()).directory);
      setInterval(() => {}, 1000);`;
    const caller = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const folder = await new Promise<string>((resolve) => {
      caller.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    });
    expect(processesNaming(folder).length).toBeGreaterThanOrEqual(2);
    caller.kill('SIGKILL');
    await waitFor('its programs to end', () => (processesNaming(folder).length === 0 ? true : undefined), {
      timeoutMilliseconds: 60_000,
    });
    const next = await startControlPlane();
    await next.stop();
    expect(existsSync(folder)).toBe(false);
    expect(existsSync(next.directory)).toBe(false);
  });
});
