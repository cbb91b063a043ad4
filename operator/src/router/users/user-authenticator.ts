import type { Logger } from '../../runtime/logger.ts';
import type {
  Authenticator,
  LoginDecision,
  LoginMethod,
  LoginProof,
  LoginRequest,
} from '../client/authenticator.ts';
import type { UserAccount, UserDirectory } from './user-directory.ts';

/** The one host pattern of accounts that are served. */
const HOST = '%';

/** Lets clients in whom the servers would let in, by what these store about their users. */
export class UserAuthenticator implements Authenticator {
  readonly #users: UserDirectory;
  readonly #logger: Logger;
  /** Why users are not served, as last logged: a client that tries again and again must not fill the log. */
  readonly #logged = new Map<string, string>();

  constructor(users: UserDirectory, logger: Logger) {
    this.#users = users;
    this.#logger = logger;
  }

  async methods({ user }: LoginRequest, signal: AbortSignal): Promise<readonly LoginMethod[]> {
    const found = await this.#users.find(user, signal);
    if (found.kind === 'unserved' && this.#logged.get(user) !== found.reason) {
      this.#logged.set(user, found.reason);
      this.#logger.warn('a user cannot be served by routers', { user, reason: found.reason });
    }
    return found.kind === 'found' ? found.account.methods : [];
  }

  async accept(request: LoginRequest, proof: LoginProof, signal: AbortSignal): Promise<LoginDecision> {
    const { user } = request;
    const found = await this.#users.find(user, signal);
    if (found.kind !== 'found') {
      return refused(
        1045,
        '28000',
        `Access denied for user '${user}'@'${request.address}' (using password: YES)`,
      );
    }
    return (
      refuseAccount(found.account, request) ?? {
        kind: 'accepted',
        identity: {
          user,
          host: HOST,
          nativeSecret: proof.nativeSecret,
          generation: found.account.generation,
          maxConnections: found.account.maxConnections,
        },
      }
    );
  }
}

/** In the words and numbers of MariaDB. */
function refuseAccount(account: UserAccount, { user, address, secure }: LoginRequest): LoginDecision | null {
  if (account.locked) {
    return refused(4151, 'HY000', 'Access denied, this account is locked');
  }
  if (account.requireTls && !secure) {
    return refused(1045, '28000', `Access denied for user '${user}'@'${address}' (using password: YES)`);
  }
  if (account.passwordExpired) {
    return refused(
      1862,
      'HY000',
      'Your password has expired. To log in you must change it using a client that supports expired passwords.',
    );
  }
  return null;
}

function refused(errno: number, sqlState: string, message: string): LoginDecision {
  return { kind: 'refused', error: { errno, sqlState, message } };
}
