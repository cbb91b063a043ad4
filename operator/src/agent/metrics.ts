import { Gauge, type Registry } from '@prometheus-io/client';
import type { AgentState } from './protocol/agent-state.ts';
import type { VolumeUsage } from './volume-usage.ts';

/** Figures of one member. */
export interface AgentMetrics {
  /** Takes over the newest state. Figures that are unknown are not exported at all: they are not zero. */
  observe(state: AgentState, usage: VolumeUsage | null): void;
}

/** Adds the agent's metrics to a registry. They carry no labels that tell whose they are: the scrape does. */
export function createAgentMetrics(registry: Registry): AgentMetrics {
  const registers = [registry];
  const gauge = (name: string, help: string): ((value: number | null) => void) => {
    const created = new Gauge({ name: `shardwright_${name}`, help, registers });
    return (value) => (value === null ? created.remove() : created.set(value));
  };
  const labelled = <Label extends string>(name: string, help: string, label: Label) =>
    new Gauge({ name: `shardwright_${name}`, help, labelNames: [label], registers });

  const up = gauge('server_up', '1 where the server runs and answers');
  const epoch = gauge('epoch', 'Newest epoch of the shard that the agent has read');
  const lag = gauge('replication_lag_seconds', 'Age of the newest heartbeat applied; absent while unknown');
  const behind = gauge('replication_behind_bytes', 'Bytes received and not applied; absent while unknown');
  const fit = gauge('fit_for_reads', '1 where the member is fit for reads');
  const acknowledgers = gauge('acknowledgers', 'Connected replicas that acknowledge writes');
  const waiting = gauge('commits_waiting', 'Sessions whose commit waits for an acknowledgement');
  const unacknowledged = gauge(
    'commits_unacknowledged',
    'Commits since the server’s start that no replica acknowledged',
  );
  const logBytes = gauge('log_bytes', 'Bytes of the volume that logs of changes take');
  const used = gauge('volume_used_bytes', 'Bytes of the data volume that are used');
  const total = gauge('volume_total_bytes', 'Bytes of the data volume that can be used');
  const cloneBytes = gauge(
    'clone_received_bytes',
    'Bytes of the clone that is being received; absent for none',
  );
  const cloneEstimate = gauge('clone_estimated_bytes', 'About how many bytes that clone has');
  const cloneRate = gauge('clone_bytes_per_second', 'Rate of that clone over the last seconds');
  const moveRows = labelled('move_copied_rows', 'Rows that the copy of a move has', 'move');
  const moveBytes = labelled('move_copied_bytes', 'Bytes of rows that the copy of a move has', 'move');
  const moveRate = labelled('move_bytes_per_second', 'Rate of that copy over the last seconds', 'move');
  const moveLag = labelled(
    'move_lag_seconds',
    'How far a move is behind the other shard; absent while nothing follows',
    'move',
  );
  const moveStage = new Gauge({
    name: 'shardwright_move_stage',
    help: '1 for what is done for a move now',
    labelNames: ['move', 'role', 'stage'],
    registers,
  });
  const moveHeld = new Gauge({
    name: 'shardwright_move_held',
    help: '1 for why a move waits, while it does',
    labelNames: ['move', 'reason'],
    registers,
  });
  const processorShare = gauge(
    'server_processor_share',
    'Share of the processors that the server has used over the last seconds',
  );
  const databases = gauge('databases', 'Databases of keyspaces on this primary that were measured');
  const databaseBytes = gauge('databases_bytes', 'Bytes that these have, by the server’s estimate');
  const role = labelled('member_role', '1 for the role the server has by its own word', 'role');
  const problems = labelled('problem', '1 for each problem there is now', 'reason');

  return {
    observe(state, usage) {
      const { member, activity } = state;
      const following = member?.role.kind === 'replica' ? member.role.following : null;
      const cloning = activity.kind === 'cloning' ? activity : null;
      const lagMilliseconds = following === null ? null : knownOrNull(following.lagMilliseconds);
      up(member === null ? 0 : 1);
      epoch(state.epoch);
      lag(lagMilliseconds === null ? null : lagMilliseconds / 1000);
      behind(following === null ? null : knownOrNull(following.bytesBehind));
      fit(state.fitForReads ? 1 : 0);
      acknowledgers(member?.acknowledgement.acknowledgers ?? null);
      waiting(member?.acknowledgement.waitingSessions ?? null);
      unacknowledged(member?.acknowledgement.unacknowledgedCommits ?? null);
      logBytes(member === null ? null : knownOrNull(member.logBytes));
      used(usage?.usedBytes ?? null);
      total(usage?.totalBytes ?? null);
      cloneBytes(cloning?.bytes ?? null);
      cloneEstimate(cloning?.estimatedBytes ?? null);
      cloneRate(cloning?.bytesPerSecond ?? null);
      role.reset();
      if (member !== null) {
        role.set({ role: member.role.kind }, 1);
      }
      for (const each of [moveRows, moveBytes, moveRate, moveLag, moveStage, moveHeld]) {
        each.reset();
      }
      for (const report of state.moves) {
        const move = { move: report.id };
        moveRows.set(move, report.rowsCopied);
        moveBytes.set(move, report.bytesCopied);
        moveRate.set(move, report.bytesPerSecond);
        if (report.lagMilliseconds !== null) {
          moveLag.set(move, report.lagMilliseconds / 1000);
        }
        moveStage.set({ ...move, role: report.role, stage: report.stage }, 1);
        if (report.held !== null) {
          moveHeld.set({ ...move, reason: report.held.reason }, 1);
        }
      }
      processorShare(state.load?.processorShare ?? null);
      databases(state.sizes?.length ?? null);
      databaseBytes(state.sizes?.reduce((sum, { bytes }) => sum + bytes, 0) ?? null);
      problems.reset();
      for (const { reason } of state.problems) {
        problems.set({ reason }, 1);
      }
    },
  };
}

function knownOrNull(
  measure: { readonly kind: 'known'; readonly value: number } | { readonly kind: 'unknown' },
): number | null {
  return measure.kind === 'known' ? measure.value : null;
}
