/** The last acts of the demo: an application uses the router, and a shard is added under it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ShardMapSpec, ShardRebalance } from '../../operator/src/api/v1alpha1/index.ts';
import { auditCluster } from '../../operator/src/core/audit/audit-cluster.ts';
import type { AuditReport } from '../../operator/src/core/audit/problem.ts';
import { ClusterError } from '../cluster/failure.ts';
import type { Progress } from '../cluster/progress.ts';
import { createSqlClient } from '../database/sql-client.ts';
import type { Kubectl } from '../install/kubectl.ts';
import { queryAsAgent } from '../sharded-cluster/agent-query.ts';
import { awaitReady } from './await-ready.ts';
import { makeOrders, startLiveApplication } from './live-application.ts';

/** A cluster of its own: small servers, that are there soon. */
export const SHOP = { name: 'shop', namespace: 'demo' } as const;
const SLOTS = 12;
const MANIFEST = {
  apiVersion: 'shardwright.io/v1alpha1',
  kind: 'ShardedCluster',
  metadata: SHOP,
  spec: {
    shards: 2,
    instances: 1,
    storage: { size: '1Gi' },
    resources: { requests: { cpu: '50m', memory: '256Mi' } },
    router: { replicas: 1 },
    keyspaces: [{ name: 'shop', slots: SLOTS, defaultKey: 'customer_id' }],
    rebalance: { soakSeconds: 2 },
    deletionPolicy: 'Delete',
  },
};

const READY_TIMEOUT_SECONDS = 300;
const MOVED_TIMEOUT_MILLISECONDS = 300_000;
const POLL_MILLISECONDS = 300;
/** Enough that the load is there before the shard is asked for. */
const WARM_UP_ROWS = 150;
const IN_NAMESPACE = `--namespace=${SHOP.namespace}`;

/**
 * Shows it; where an earlier run has, only what has become of it. Throws when a step fails, an answer was wrong, or the
 * audit finds anything.
 */
export async function showScaleOut(kubectl: Kubectl, progress: Progress): Promise<void> {
  if (await isScaled(kubectl)) {
    const report = await progress.step('audit the cluster that got a third shard in an earlier run', () =>
      audit(kubectl),
    );
    console.log(
      [
        '',
        'A shard was added under load by an earlier run; to see it again:',
        `  kubectl ${IN_NAMESPACE} delete shardedcluster ${SHOP.name}; npm run demo`,
        ...describeAudit(report),
      ].join('\n'),
    );
    requireClean(report);
    return;
  }
  await scaleOut(kubectl, progress);
}

/** Whether an earlier run has come to its end. */
async function isScaled(kubectl: Kubectl): Promise<boolean> {
  const { items } = await kubectl.get<{ items: readonly ShardRebalance[] }>([
    'shardrebalances',
    IN_NAMESPACE,
  ]);
  return items.some(({ spec, status }) => spec.clusterName === SHOP.name && status?.phase === 'Completed');
}

function describeAudit(report: AuditReport): readonly string[] {
  return [
    `  audit: ${report.rows} rows, each once and in its slot; ${report.problems.length} problems`,
    ...report.problems.map(({ kind, message }) => `    ${kind}: ${message}`),
  ];
}

function requireClean(report: AuditReport): void {
  if (report.problems.length > 0) {
    throw new ClusterError('CommandFailed', 'rows are not where they have to be');
  }
}

async function scaleOut(kubectl: Kubectl, progress: Progress): Promise<void> {
  await progress.step('make a cluster with a keyspace: two shards and a router', async (detail) => {
    await kubectl.run([
      'delete',
      'shardedcluster',
      SHOP.name,
      IN_NAMESPACE,
      '--ignore-not-found',
      '--timeout=240s',
    ]);
    await kubectl.apply(JSON.stringify(MANIFEST));
    await awaitReady(kubectl, SHOP, detail, READY_TIMEOUT_SECONDS);
    await kubectl.run([
      'rollout',
      'status',
      `deployment/${SHOP.name}-router`,
      IN_NAMESPACE,
      '--timeout=300s',
    ]);
  });
  const from = `${SHOP.name}-shard-0-0`;
  const client = await createSqlClient(kubectl, SHOP, from);
  await progress.step(`make a table by way of the Service ${SHOP.name}`, () => makeOrders(client, SHOP));
  const application = startLiveApplication(kubectl, client, SHOP, from);
  const rebalance = await progress.step(
    'add a shard while an unmodified client, mariadb, writes through the router',
    async (detail) => {
      await application.untilWritten(WARM_UP_ROWS);
      await kubectl.run(['scale', 'shardedcluster', SHOP.name, IN_NAMESPACE, '--replicas=3']);
      return untilMoved(kubectl, (line) => {
        detail(line);
        progress.note(line);
      });
    },
  );
  const sent = await application.stop();
  const [[found = '0'] = []] = await client.query(SHOP.name, 'SELECT COUNT(*) FROM shop.orders');
  const report = await audit(kubectl);
  const { plan, progress: counts } = rebalance.status ?? {};
  console.log(
    [
      '',
      'A shard was added under load',
      `  moved: ${percent(plan?.shareMoved)} of ${SLOTS} slots (hashing by remainder: ${percent(plan?.shareMovedByModulo)}), in ${plan?.moveCount ?? 0} moves with a copy of the reference tables`,
      `  longest pause of a slot: ${counts?.longestPauseMilliseconds ?? 'unknown'} ms`,
      `  rows that the client was told are there: ${sent}; found: ${found}; its errors: 0`,
      ...describeAudit(report),
    ].join('\n'),
  );
  requireClean(report);
  if (Number(found) !== sent) {
    throw new ClusterError('CommandFailed', 'the client was told of other rows than there are');
  }
}

async function untilMoved(kubectl: Kubectl, tell: (line: string) => void): Promise<ShardRebalance> {
  const deadline = performance.now() + MOVED_TIMEOUT_MILLISECONDS;
  let told = '';
  for (;;) {
    const { items } = await kubectl.get<{ items: readonly ShardRebalance[] }>([
      'shardrebalances',
      IN_NAMESPACE,
    ]);
    const rebalance = items.find(({ spec }) => spec.clusterName === SHOP.name);
    const line = describe(rebalance);
    if (line !== told) {
      tell(line);
      told = line;
    }
    if (rebalance?.status?.phase === 'Completed') {
      return rebalance;
    }
    if (performance.now() > deadline) {
      throw new ClusterError('Timeout', `slots have not moved: ${line}`);
    }
    await delay(POLL_MILLISECONDS);
  }
}

function describe(rebalance: ShardRebalance | undefined): string {
  const { phase, progress, held } = rebalance?.status ?? {};
  if (phase === undefined) {
    return 'the new shard is being made';
  }
  const done = (progress?.done ?? 0) + (progress?.soaking ?? 0);
  const pause = progress?.longestPauseMilliseconds;
  return [
    `${phase}: ${done}/${progress?.total ?? 0} moves switched`,
    ...(pause === undefined ? [] : [`longest pause ${pause} ms`]),
    ...(held === undefined ? [] : [held.message]),
  ].join(', ');
}

async function audit(kubectl: Kubectl): Promise<AuditReport> {
  const { spec } = await kubectl.get<{ spec: ShardMapSpec }>(['shardmap', SHOP.name, IN_NAMESPACE]);
  return auditCluster(spec, (shard, sql) => {
    const pod = spec.shards.find(({ number }) => number === shard)?.primary ?? '';
    return queryAsAgent({ kubectl, namespace: SHOP.namespace }, pod, sql);
  });
}

function percent(share: number | undefined): string {
  return share === undefined ? 'unknown' : `${(share * 100).toFixed(0)} %`;
}
