import type { Member } from '../engines/member.ts';
import type { RetentionRule } from '../engines/member-session.ts';
import type { SourceAddress } from '../engines/member-state.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { CompleteLaunch } from './launch-plan.ts';
import type { LauncherClient } from './launcher-client.ts';
import type { MountedFiles } from './mounted-files.ts';
import type { AgentActivity } from './protocol/agent-state.ts';
import type { RequestClone } from './receive-clone.ts';
import type { ReturnWatch } from './return-watch.ts';
import type { ServerSession } from './server-session.ts';
import type { VolumeUsage } from './volume-usage.ts';
import type { VolumeWatch } from './volume-watch.ts';

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
  readonly onActivity: (activity: AgentActivity) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}
