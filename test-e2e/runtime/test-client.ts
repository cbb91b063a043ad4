import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiClient, ClientMetrics, KubernetesObject } from '../../operator/src/runtime/index.ts';
import { connect, defineResource } from '../../operator/src/runtime/index.ts';
import type { ControlPlane } from '../cluster/control-plane/index.ts';

/** A ConfigMap as plain JSON, with data to change. */
export interface Entry extends KubernetesObject {
  readonly data?: { readonly [key: string]: string };
}

/** ConfigMaps, as the simplest objects there are. */
export const entries = defineResource<Entry>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
});

/** A client that counts. */
export interface TestClient {
  readonly client: ApiClient;
  /** Requests finished, watches included, by method. */
  readonly requests: ReadonlyMap<string, number>;
  connections(): number;
  close(): Promise<void>;
}

/** Connects to a control plane, through the proxy at `port` if given. */
export async function connectTo(controlPlane: ControlPlane, port?: number): Promise<TestClient> {
  const requests = new Map<string, number>();
  let connections = 0;
  const metrics: ClientMetrics = {
    requestFinished: (method) => requests.set(method, (requests.get(method) ?? 0) + 1),
    connectionOpened: () => {
      connections += 1;
    },
  };
  let { kubeconfigPath } = controlPlane;
  if (port !== undefined) {
    const text = await readFile(kubeconfigPath, 'utf8');
    kubeconfigPath = join(controlPlane.directory, `kubeconfig-${String(port)}`);
    await writeFile(kubeconfigPath, text.replace(controlPlane.url, `https://127.0.0.1:${String(port)}`));
  }
  const connection = await connect({ kubeconfigPath, userAgent: 'runtime-test/1', metrics });
  return {
    client: connection.client,
    requests,
    connections: () => connections,
    close: () => connection.close(),
  };
}

/** Waits until the check returns true; throws, saying what was waited for, after `seconds`. */
export async function until(
  what: string,
  check: () => boolean | Promise<boolean>,
  seconds = 120,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await check())) {
    if (Date.now() > end) {
      throw new Error(`not after ${String(seconds)} s: ${what}`);
    }
    await pause(50);
  }
}

/** Waits for real. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
