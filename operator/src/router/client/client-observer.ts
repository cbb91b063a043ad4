/** Why a client was not let in. */
export type RefusalReason =
  | 'too-many-connections'
  | 'too-many-of-user'
  | 'access-denied'
  | 'login-timeout'
  | 'shutdown'
  | 'protocol'
  | 'gone'
  | 'internal';

/**
 * Why a connection ended after its login.
 * - `quit`: the client said so. `gone`: the client closed it, or its network did.
 * - `idle`, `slow`: see ClientLimits. `killed`: by KILL. `shutdown`: by this process. `protocol`: it broke the protocol.
 * - `refused`: at COM_CHANGE_USER. `internal`: an error of ours in the middle of an answer.
 */
export type EndReason =
  'quit' | 'gone' | 'idle' | 'slow' | 'killed' | 'shutdown' | 'protocol' | 'refused' | 'internal';

/** Hears what happens to clients: for metrics and the log. Must not throw. */
export interface ClientObserver {
  /** A client has connected. */
  arrived(): void;
  /** It was not let in. `error` is why, where there is one to tell. */
  refused(reason: RefusalReason, error: unknown): void;
  /** It has logged in. */
  accepted(): void;
  /** It is gone. Follows every `accepted`, and nothing else. */
  ended(reason: EndReason, error: unknown): void;
  /** A command failed by an error that was not meant for the client, who was told 1105. */
  failed(error: unknown): void;
}
