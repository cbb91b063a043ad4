import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../clock.ts';

/** The parts of a TLS client configuration that tell one identity from another. */
export interface TlsIdentity {
  readonly ca?: string | Buffer | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  readonly passphrase?: string | undefined;
  readonly servername?: string | undefined;
  readonly rejectUnauthorized?: boolean | undefined;
}

/** Where the API server is and how to prove who we are. */
export interface Credentials {
  /** URL, with a path when the API server is behind a prefix. */
  readonly server: string;
  readonly tls: TlsIdentity;
  /** Headers for every request, among them the bearer token. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Gives out credentials that may change over time. */
export interface CredentialSource {
  /** The credentials to use now. Fails when a file or a credential plugin does. */
  current(): Promise<Credentials>;
  /** Forgets everything cached, after the server refused the credentials. */
  refresh(): void;
}

/**
 * How long certificates and tokens are used before their files are read again. Tokens of service accounts are
 * rotated when a fifth of their life is left, so a minute is early enough; client-go waits as long.
 */
const REREAD_AFTER_MILLISECONDS = 60_000;

/** What a kubeconfig, or the pod this process runs in, says about the API server. */
export interface KubeconfigSource extends CredentialSource {
  /** Namespace of the current context. */
  readonly namespace: string;
}

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
  if (path === undefined) {
    config.loadFromDefault();
  } else {
    config.loadFromFile(path);
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
