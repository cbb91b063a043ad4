import { isNativeError } from 'node:util/types';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../clock.ts';
import { type Credentials, type KubeconfigSource, REREAD_AFTER_MILLISECONDS } from './credential-source.ts';

/**
 * Reads the kubeconfig at `path`, or else the ones in KUBECONFIG, `~/.kube/config`, or the service account of
 * the pod; `context` names another than its current one. Certificates, token files, OIDC and exec plugins work as they do in kubectl; proxies are not
 * supported. Throws when there is no usable configuration.
 */
export function kubeconfigSource(path: string | undefined, clock: Clock, context?: string): KubeconfigSource {
  let config: KubeConfig | undefined = loadKubeconfig(path, context);
  const namespace = namespaceOf(config);
  let cached: { readonly credentials: Credentials; readonly at: number } | undefined;
  let reading: Promise<Credentials> | undefined;

  const read = async (): Promise<Credentials> => {
    config ??= loadKubeconfig(path, context);
    const credentials = await readCredentials(config);
    cached = { credentials, at: clock.monotonic() };
    return credentials;
  };
  return {
    namespace,
    async current() {
      if (cached !== undefined && clock.monotonic() - cached.at < REREAD_AFTER_MILLISECONDS) {
        return cached.credentials;
      }
      reading ??= read().finally(() => {
        reading = undefined;
      });
      return reading;
    },
    refresh() {
      cached = undefined;
      config = undefined;
    },
  };
}

function loadKubeconfig(path: string | undefined, context: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (path === undefined) {
      config.loadFromDefault();
    } else {
      config.loadFromFile(path);
    }
  } catch (cause) {
    const file = path ?? process.env['KUBECONFIG'] ?? '~/.kube/config';
    const reason = isNativeError(cause) ? cause.message.split('\n', 1).join('') : String(cause);
    throw new Error(`kubeconfig ${file} cannot be used: ${reason}`, { cause });
  }
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      throw new Error(`kubeconfig ${path ?? ''} has no context ${context}`);
    }
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(`kubeconfig ${path ?? ''} has no current context`);
  }
  if (cluster.server === 'http://localhost:8080') {
    throw new Error('no kubeconfig found, and not running in a pod: set KUBECONFIG');
  }
  if (cluster.proxyUrl !== undefined) {
    throw new Error(`kubeconfig asks for the proxy ${cluster.proxyUrl}; proxies are not supported`);
  }
  return config;
}

function namespaceOf(config: KubeConfig): string {
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace?.trim();
  return namespace === undefined || namespace === '' ? 'default' : namespace;
}

async function readCredentials(config: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    headers[name.toLowerCase()] = String(value).trim();
  }
  if (typeof options.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return {
    server: config.getCurrentCluster()?.server ?? '',
    tls: {
      ca: singleValue(options.ca),
      cert: singleValue(options.cert),
      key: singleValue(options.key),
      passphrase: options.passphrase,
      servername: options.servername,
      rejectUnauthorized: options.rejectUnauthorized,
    },
    headers,
  };
}

function singleValue(value: unknown): string | Buffer | undefined {
  return typeof value === 'string' || Buffer.isBuffer(value) ? value : undefined;
}
