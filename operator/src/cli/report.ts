/** `kubectl shardwright report`: whether every row is where it has to be, by SQL on the servers themselves. */
import { auditCluster } from '../core/audit/audit-cluster.ts';
import type { AuditReport } from '../core/audit/problem.ts';
import { countText } from './amounts.ts';
import { readCluster } from './cluster-view.ts';
import type { OutputFormat } from './command-line.ts';
import { PluginFailure } from './failure.ts';
import { requireMap } from './plan.ts';
import { showRebuild } from './rebuild-view.ts';
import type { PluginSession } from './session.ts';
import { shardQuery } from './shard-query.ts';
import { renderTable } from './table.ts';

/** What was asked for. */
export interface ReportOptions {
  readonly cluster: string;
  readonly output: OutputFormat;
}

/**
 * Audits a cluster and tells. Where the map changed meanwhile, or slots are moving, a problem counts only if a second audit
 * finds one of its kind on its shard, too: what moved between two statements looks like one. Where the map is gone, it tells what one
 * would be made from. Throws `PluginFailure` `Failed` where something is wrong.
 */
export async function reportCluster(
  session: PluginSession,
  { cluster, output }: ReportOptions,
  signal: AbortSignal,
): Promise<void> {
  const view = await readCluster(session, cluster, signal);
  if (view.map === undefined && view.cluster.status?.shards !== undefined) {
    return showRebuild(session, view.cluster, output, signal);
  }
  const first = await audit(session, cluster, signal);
  const isSure = first.report.problems.length === 0 || first.isStill;
  const { report, revision } = isSure ? first : await auditAgain(session, cluster, first.report, signal);
  if (output === 'json') {
    session.say(JSON.stringify({ cluster, revision, ...report }, null, 2));
  } else {
    renderReport(cluster, revision, report).forEach((line) => session.say(line));
  }
  if (report.problems.length > 0) {
    throw new PluginFailure('Failed', `problems found by the audit of ${cluster}: ${report.problems.length}`);
  }
}

interface Audit {
  readonly report: AuditReport;
  readonly revision: number;
  /** Whether nothing moved meanwhile, nor could have. */
  readonly isStill: boolean;
}

async function audit(session: PluginSession, cluster: string, signal: AbortSignal): Promise<Audit> {
  const map = requireMap(await readCluster(session, cluster, signal));
  session.progress(`reading ${map.shards.length} shards ...`);
  const report = await auditCluster(map, shardQuery(session, map.shards, signal));
  const after = requireMap(await readCluster(session, cluster, signal));
  const isStill = after.revision === map.revision && (map.moves ?? []).length === 0;
  return { report, revision: map.revision, isStill };
}

async function auditAgain(
  session: PluginSession,
  cluster: string,
  first: AuditReport,
  signal: AbortSignal,
): Promise<Audit> {
  session.progress(`problems found while slots move: ${first.problems.length}; looking again ...`);
  const second = await audit(session, cluster, signal);
  const before = new Set(first.problems.map(({ kind, shard }) => `${kind} ${shard}`));
  const problems = second.report.problems.filter(({ kind, shard }) => before.has(`${kind} ${shard}`));
  return { ...second, report: { ...second.report, problems } };
}

/** The lines of a report for a terminal. Pure. */
export function renderReport(cluster: string, revision: number, report: AuditReport): string[] {
  const { slots, tables, rows, otherRows, problems } = report;
  return [
    `${cluster}, revision ${revision} of its map: ${countText(slots)} slots, ${countText(tables)} tables, ` +
      `${countText(rows)} rows in slots, ${countText(otherRows)} in other tables`,
    ...(problems.length === 0
      ? ['Every row is there once, in the slot its key belongs to. Map, databases and rights agree.']
      : [
          '',
          ...renderTable(
            ['PROBLEM', 'SHARD', 'WHAT'],
            problems.map(({ kind, shard, message }) => [kind, shard === null ? '-' : String(shard), message]),
          ),
        ]),
  ];
}
