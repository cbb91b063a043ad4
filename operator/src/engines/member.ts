import type { BootOrder, LaunchPlan } from './boot.ts';
import type { CloneSource, CloneTarget } from './clone.ts';
import type { MemberFiles } from './member-files.ts';
import type { MemberSession } from './member-session.ts';
import type { StartProgram } from './programs.ts';

/** Files of the certificate that a server shows, and of the authority it trusts. PEM. */
export interface TlsFiles {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Which member this is, and where its things are. */
export interface MemberOptions {
  /** The shard's number; with the ordinal it makes a member distinct within its cluster. */
  readonly shard: number;
  readonly ordinal: number;
  /** Mount path of the data volume. */
  readonly volumePath: string;
  /** Mount path of the memory-backed folder. */
  readonly memoryPath: string;
  /** @default the engine's client port */
  readonly port?: number;
  readonly tls: TlsFiles;
  /** What the container may use; caches are sized by it unless the user's configuration does. */
  readonly memoryBytes?: number;
  /** The user's configuration, as written. */
  readonly configuration: string;
  /** @default children of this process */
  readonly startProgram?: StartProgram;
}

/** One server and its files, as the agent beside it sees them. */
export interface Member {
  readonly files: MemberFiles;
  readonly cloneSource: CloneSource;
  readonly cloneTarget: CloneTarget;
  /**
   * Writes everything a start of the server takes and says what to execute. For a `ready` volume; `Refused`
   * otherwise. Every start has a call of its own; none while a server runs, for the agent's password is renewed.
   */
  prepareBoot(order: BootOrder, signal: AbortSignal): Promise<LaunchPlan>;
  /** Connects to the running server; `Unreachable` or `Timeout` until it answers. Completes a boot that was prepared. */
  connect(signal: AbortSignal): Promise<MemberSession>;
}
