import { BASE_CAPABILITIES } from '../../../wire/capabilities.ts';
import type { ClientFacts } from '../command-handler.ts';

/** The user `shop`, who has logged in over TLS and uses no database; `change` makes it what a test needs. */
export function aClient(change: Partial<ClientFacts> = {}): ClientFacts {
  return {
    connectionId: 1,
    identity: { user: 'shop', host: '%', nativeSecret: null, generation: '', maxConnections: null },
    address: '127.0.0.1',
    secure: true,
    capabilities: BASE_CAPABILITIES,
    collation: 45,
    database: null,
    attributes: new Map(),
    ...change,
  };
}
