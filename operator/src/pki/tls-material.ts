/** What one side of a mutual TLS connection shows and trusts. PEM. */
export interface TlsMaterial {
  readonly certificate: string;
  readonly key: string;
  /** Every authority trusted, one after the other. */
  readonly authorities: string;
}

/** The material as it is now, and word of its changes: it is renewed while connections are up. */
export interface TlsMaterialSource {
  current(): TlsMaterial;
  /** Calls `handler` after each change; returns how to stop that. */
  onChange(handler: () => void): () => void;
}
