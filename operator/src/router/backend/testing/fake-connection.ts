import { INITIAL_VARIABLES, type VariableState } from '../../session/session-variables.ts';
import type { BackendConnection } from '../backend-connection.ts';
import type { BackendError } from '../backend-error.ts';
import { SERVER, TRAITS } from './scripted-server.ts';

const NOTHING = (): never => {
  throw new Error('pools ask for nothing of the kind');
};

/** A connection as pools see it. */
export class FakeConnection implements BackendConnection {
  readonly server = SERVER;
  readonly traits = TRAITS;
  readonly threadId = 1;
  readonly serverVersion = '11.8.6-MariaDB';
  readonly status = 2;
  readonly user: string;
  database: string | null = null;
  variables: VariableState = INITIAL_VARIABLES;
  isClean = true;
  failure: BackendError | undefined;
  /** Whether a request is under way. */
  isBusy = false;
  /** Whether it answers pings and resets. */
  answers = true;
  readonly requests: string[] = [];
  readonly #ended = Promise.withResolvers<BackendError>();
  readonly #failed = Promise.withResolvers<never>();

  constructor(user: string) {
    this.user = user;
    this.#failed.promise.catch(() => {});
  }

  get ended(): Promise<BackendError> {
    return this.#ended.promise;
  }

  destroy(reason: BackendError): void {
    if (this.failure === undefined) {
      this.failure = reason;
      this.#ended.resolve(reason);
      this.#failed.reject(reason);
    }
  }

  async reset(): Promise<void> {
    await this.#ask('reset');
    this.isClean = true;
  }

  ping(): Promise<void> {
    return this.#ask('ping');
  }

  async leave(databases: ReadonlySet<string>): Promise<void> {
    if (!this.isBusy && databases.has(this.database ?? '')) {
      this.database = 'information_schema';
    }
  }

  query = NOTHING;
  prepare = NOTHING;
  execute = NOTHING;
  executeText = NOTHING;
  sendLongData = NOTHING;
  fetch = NOTHING;
  resetStatement = NOTHING;
  closeStatement = NOTHING;
  noteVariables = NOTHING;
  put = NOTHING;
  cancel = NOTHING;

  async #ask(what: string): Promise<void> {
    this.requests.push(what);
    if (!this.answers) {
      await this.#failed.promise;
    }
  }
}
