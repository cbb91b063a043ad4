import type { Authenticator } from '../client/authenticator.ts';

/** Refuses clients without TLS before they could prove anything over an open network. */
export function withRequiredTls(authenticator: Authenticator): Authenticator {
  return {
    methods: async (request, signal) => (request.secure ? authenticator.methods(request, signal) : []),
    accept: (request, proof, signal) => authenticator.accept(request, proof, signal),
  };
}
