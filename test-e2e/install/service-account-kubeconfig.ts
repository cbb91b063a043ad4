import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kubectl } from './kubectl.ts';

interface Kubeconfig {
  readonly clusters: readonly { readonly name: string; readonly cluster: object }[];
}

/**
 * Writes a kubeconfig into `folder` that acts as a service account, with a token good for an hour and the
 * account's namespace as its context's; returns its path.
 */
export async function writeServiceAccountKubeconfig(
  kubectl: Kubectl,
  account: { readonly namespace: string; readonly name: string },
  folder: string,
): Promise<string> {
  const token = await kubectl.run(['create', 'token', account.name, `--namespace=${account.namespace}`]);
  const config = JSON.parse(
    await kubectl.run(['config', 'view', '--raw', '--minify', '--output=json']),
  ) as Kubeconfig;
  const name = 'service-account';
  const path = join(folder, `${account.namespace}-${account.name}.kubeconfig`);
  await writeFile(
    path,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: config.clusters.map(({ cluster }) => ({ name, cluster })),
      users: [{ name, user: { token: token.trim() } }],
      contexts: [{ name, context: { cluster: name, user: name, namespace: account.namespace } }],
      'current-context': name,
    }),
    { mode: 0o600 },
  );
  return path;
}
