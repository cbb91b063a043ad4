/**
 * The credentials that Kubernetes gives a pod. Kept apart from kubeconfigs, whose library makes up most of what our
 * programs would have to load: an agent beside a database has no use for it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { type Credentials, type KubeconfigSource, REREAD_AFTER_MILLISECONDS } from './credential-source.ts';

/** Where the kubelet mounts them. Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What this process sees. */
export interface PodSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @default where the kubelet mounts them */
  readonly folder?: string;
  /** @default the user's */
  readonly home?: string;
}

/**
 * The service account of the pod this process runs in; undefined outside of one, and where the user says otherwise by
 * KUBECONFIG or `~/.kube/config`.
 */
export function serviceAccountSource(
  { environment, folder = FOLDER, home = homedir() }: PodSurroundings,
  clock: Clock,
): KubeconfigSource | undefined {
  const {
    KUBECONFIG = '',
    KUBERNETES_SERVICE_HOST: host = '',
    KUBERNETES_SERVICE_PORT: port = '',
  } = environment;
  const tokenFile = join(folder, 'token');
  const hasKubeconfig = KUBECONFIG !== '' || existsSync(join(home, '.kube', 'config'));
  if (hasKubeconfig || host === '' || port === '' || !existsSync(tokenFile)) {
    return undefined;
  }
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  let cached: { readonly credentials: Credentials; readonly at: number } | undefined;
  return {
    namespace: readNamespace(folder),
    async current() {
      if (cached === undefined || clock.monotonic() - cached.at >= REREAD_AFTER_MILLISECONDS) {
        const [token, ca] = await Promise.all([
          readFile(tokenFile, 'utf8'),
          readFile(join(folder, 'ca.crt')),
        ]);
        const headers = { authorization: `Bearer ${token.trim()}` };
        cached = { credentials: { server, tls: { ca }, headers }, at: clock.monotonic() };
      }
      return cached.credentials;
    },
    refresh() {
      cached = undefined;
    },
  };
}

function readNamespace(folder: string): string {
  const path = join(folder, 'namespace');
  const namespace = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  return namespace === '' ? 'default' : namespace;
}
