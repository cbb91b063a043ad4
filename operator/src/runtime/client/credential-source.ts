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
export const REREAD_AFTER_MILLISECONDS = 60_000;

/** What a kubeconfig, or the pod this process runs in, says about the API server. */
export interface KubeconfigSource extends CredentialSource {
  /** Namespace of the current context. */
  readonly namespace: string;
}
