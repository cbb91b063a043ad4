import type { Kubectl } from '../install/kubectl.ts';
import type { ListOf, PodObject, ShardedClusterObject } from './objects.ts';
import { isPodReady, podTrouble } from './objects.ts';

interface EventObject {
  readonly type: string;
  readonly reason: string;
  readonly note?: string;
  readonly regarding: { readonly kind: string; readonly name: string };
  readonly metadata: { readonly creationTimestamp: string };
}

const SHOWN_EVENTS = 8;
const SHOWN_LOG_LINES = 12;

/** What to look at after a failure: conditions, pods that are not ready, warnings, the end of the operator's log. */
export async function diagnose(
  kubectl: Kubectl,
  places: {
    readonly operatorNamespace: string;
    readonly clusterNamespace: string;
    readonly clusterName: string;
  },
): Promise<string[]> {
  const inspections: readonly (() => Promise<string[]>)[] = [
    () => conditionLines(kubectl, places.clusterNamespace, places.clusterName),
    () => podLines(kubectl, places.operatorNamespace),
    () => podLines(kubectl, places.clusterNamespace),
    () => eventLines(kubectl, places.operatorNamespace),
    () => eventLines(kubectl, places.clusterNamespace),
    () => logLines(kubectl, places.operatorNamespace),
  ];
  const lines: string[] = [];
  for (const inspect of inspections) {
    // What cannot be read must not hide what can: the API server itself may be what failed.
    lines.push(...(await inspect().catch(() => [])));
  }
  return lines;
}

async function conditionLines(kubectl: Kubectl, namespace: string, name: string): Promise<string[]> {
  const cluster = await kubectl.get<ShardedClusterObject>([
    'shardedcluster',
    name,
    `--namespace=${namespace}`,
  ]);
  return (cluster.status?.conditions ?? []).map(
    ({ type, status, reason, message }) => `condition ${type}=${status} ${reason}: ${message}`,
  );
}

async function podLines(kubectl: Kubectl, namespace: string): Promise<string[]> {
  const { items } = await kubectl.get<ListOf<PodObject>>(['pods', `--namespace=${namespace}`]);
  return items
    .filter((pod) => !isPodReady(pod))
    .map((pod) => `pod ${namespace}/${pod.metadata.name} is not ready: ${podTrouble(pod)}`);
}

async function eventLines(kubectl: Kubectl, namespace: string): Promise<string[]> {
  const { items } = await kubectl.get<ListOf<EventObject>>([
    'events.events.k8s.io',
    `--namespace=${namespace}`,
  ]);
  return items
    .filter(({ type }) => type === 'Warning')
    .toSorted((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp))
    .slice(-SHOWN_EVENTS)
    .map(
      ({ reason, regarding, note }) =>
        `event ${reason} about ${regarding.kind} ${regarding.name}: ${note ?? ''}`,
    );
}

async function logLines(kubectl: Kubectl, namespace: string): Promise<string[]> {
  const log = await kubectl.run([
    'logs',
    `--namespace=${namespace}`,
    '--selector=app.kubernetes.io/component=operator',
    `--tail=${SHOWN_LOG_LINES}`,
    '--prefix',
  ]);
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `log ${line}`);
}
