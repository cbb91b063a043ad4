/** A listener with a few users, for tests with real clients. */
import { createHash, randomBytes } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { type Clock, systemClock } from '../../../runtime/clock.ts';
import { ed25519PublicKey } from '../../../wire/auth/ed25519.ts';
import { nativeDoubleHash, nativeSecretOf } from '../../../wire/auth/native-password.ts';
import { sha256Crypt } from '../../../wire/auth/sha256-crypt.ts';
import { addCapabilities, BASE_CAPABILITIES, CAPABILITY } from '../../../wire/capabilities.ts';
import type { Authenticator, LoginMethod, LoginProof } from '../authenticator.ts';
import { ClientConnections } from '../client-connections.ts';
import { ClientDoor } from '../client-door.ts';
import { type ClientLimits, DEFAULT_CLIENT_LIMITS } from '../client-limits.ts';
import type { ClientObserver } from '../client-observer.ts';
import { TrivialSession } from './trivial-session.ts';

/** The password of everybody but `empty`, who has none. */
export const PASSWORD = 'correct horse battery staple';

const NATIVE: LoginMethod = {
  plugin: 'mysql_native_password',
  doubleHash: nativeDoubleHash(nativeSecretOf(PASSWORD)),
};
const ED25519: LoginMethod = { plugin: 'client_ed25519', publicKey: ed25519PublicKey(PASSWORD) };
const SALT = Buffer.from('saltsaltsaltsaltsalt');
const STORED = Buffer.from(`$A$005$${SALT.toString()}${sha256Crypt(Buffer.from(PASSWORD), SALT, 5000)}`);

/** What happened to clients, in order. */
export class RecordedObserver implements ClientObserver {
  readonly events: string[] = [];
  arrived(): void {
    this.events.push('arrived');
  }
  refused(reason: string): void {
    this.events.push(`refused: ${reason}`);
  }
  accepted(): void {
    this.events.push('accepted');
  }
  ended(reason: string): void {
    this.events.push(`ended: ${reason}`);
  }
  failed(error: unknown): void {
    this.events.push(`failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Knows `native`, `ed25519`, `both` (a native password that nobody has, then ed25519), `sha2`, `empty` and `locked`. */
export class TrivialAuthenticator implements Authenticator {
  /** The proofs that held, by user. */
  readonly proofs = new Map<string, LoginProof>();
  #cached: Buffer | null = null;

  methods({ user }: { readonly user: string }): Promise<readonly LoginMethod[]> {
    const methods: Record<string, LoginMethod[]> = {
      native: [NATIVE],
      locked: [NATIVE],
      ed25519: [ED25519],
      both: [
        { plugin: 'mysql_native_password', doubleHash: createHash('sha1').update('nobody').digest() },
        ED25519,
      ],
      sha2: [{ plugin: 'caching_sha2_password', stored: STORED, cached: this.#cached }],
      empty: [{ plugin: 'mysql_native_password', doubleHash: null }],
    };
    return Promise.resolve(methods[user] ?? []);
  }

  accept({ user }: { readonly user: string }, proof: LoginProof): ReturnType<Authenticator['accept']> {
    this.proofs.set(user, proof);
    this.#cached = proof.cachingSecret ?? this.#cached;
    if (user === 'locked') {
      const error = { errno: 4151, sqlState: 'HY000', message: 'Access denied, this account is locked' };
      return Promise.resolve({ kind: 'refused', error });
    }
    const { nativeSecret } = proof;
    return Promise.resolve({
      kind: 'accepted',
      identity: {
        user,
        host: '%',
        nativeSecret,
        generation: '',
        maxConnections: user === 'ed25519' ? 2 : null,
      },
    });
  }
}

/** A listener on a free port of this machine. */
export interface TrivialListener {
  readonly clients: ClientConnections;
  /** Stops listening, and ends connections as ClientConnections does. */
  readonly close: (signal: AbortSignal) => Promise<void>;
  readonly port: number;
  readonly observer: RecordedObserver;
  readonly authenticator: TrivialAuthenticator;
  readonly sessions: TrivialSession[];
}

/** Starts one. */
export async function startTrivialListener(
  settings: { tls?: SecureContext; limits?: Partial<ClientLimits>; clock?: Clock; host?: string } = {},
): Promise<TrivialListener> {
  const observer = new RecordedObserver();
  const authenticator = new TrivialAuthenticator();
  const sessions: TrivialSession[] = [];
  let lastId = 0;
  const clients = new ClientConnections({
    login: {
      serverVersion: () => '11.8.2-MariaDB-shardwright',
      offered: addCapabilities(
        BASE_CAPABILITIES,
        CAPABILITY.compress |
          CAPABILITY.connectWithDatabase |
          CAPABILITY.localFiles |
          CAPABILITY.multiStatements,
      ),
      tls: () => settings.tls ?? null,
      authenticator,
      randomBytes,
    },
    limits: { ...DEFAULT_CLIENT_LIMITS, ...settings.limits },
    observer,
    clock: settings.clock ?? systemClock,
    allocateConnectionId: () => (lastId += 1),
    openSession: (client) => {
      const session = new TrivialSession(client);
      sessions.push(session);
      return Promise.resolve(session);
    },
  });
  const door = new ClientDoor((socket) => clients.accept(socket), { unread: false });
  const port = await door.open({ host: settings.host ?? '127.0.0.1', port: 0 });
  const close = async (signal: AbortSignal): Promise<void> => {
    door.close();
    await clients.end(signal);
  };
  return { clients, close, port, observer, authenticator, sessions };
}
