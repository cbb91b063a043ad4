import { createSecureContext, type SecureContext } from 'node:tls';

/** By which authorities servers are known. */
export interface ServerTrust {
  /** For new connections. */
  context(): SecureContext;
}

/** `authority` is asked for the certificates (PEM) at each new connection, for they are renewed; a context is made for each change of them only. */
export function createServerTrust(authority: () => string): ServerTrust {
  let known: { readonly certificates: string; readonly context: SecureContext } | undefined;
  return {
    context() {
      const certificates = authority();
      if (known?.certificates !== certificates) {
        known = { certificates, context: createSecureContext({ ca: certificates, minVersion: 'TLSv1.2' }) };
      }
      return known.context;
    },
  };
}
