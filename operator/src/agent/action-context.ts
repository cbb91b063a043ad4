import type { Member } from '../engines/member.ts';
import type { RetentionRule } from '../engines/member-session.ts';
import type { SourceAddress } from '../engines/member-state.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { CompleteLaunch } from './launch-plan.ts';
import type { LauncherClient } from './launcher-client.ts';
import type { MountedFiles } from './mounted-files.ts';
import type { AgentActivity } from './protocol/agent-state.ts';
import type { UsersCommand } from './protocol/users.ts';
import type { RequestClone } from './receive-clone.ts';
import type { ReturnWatch } from './return-watch.ts';
import type { ServerSession } from './server-session.ts';
import type { VolumeUsage } from './volume-usage.ts';
import type { VolumeWatch } from './volume-watch.ts';
import type { WantedDatabases } from './wanted-databases.ts';

/** What actions work with. */
export interface ActionContext {
  readonly member: () => Member;
  readonly launcher: LauncherClient;
  readonly completeLaunch: CompleteLaunch;
  readonly session: ServerSession;
  readonly volume: VolumeWatch;
  readonly returns: ReturnWatch;
  readonly volumePath: string;
  /** @default `measureVolume` */
  readonly measure?: ((path: string) => Promise<VolumeUsage>) | undefined;
  readonly files: MountedFiles;
  readonly serverAddress: (pod: string) => SourceAddress;
  readonly requestClone: RequestClone;
  readonly retentionRule: () => RetentionRule | null;
  /** The databases of keyspaces that the map gives the shard; null for none. */
  readonly databases: () => WantedDatabases | null;
  /** What the operator last said of users; null before. */
  readonly usersOrder: () => UsersCommand | null;
  readonly onActivity: (activity: AgentActivity) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}
