import type { Kubectl } from '../install/kubectl.ts';
import type { ListOf, PodObject } from './objects.ts';
import { isPodReady, podTrouble } from './objects.ts';
import { renderTable } from './table.ts';

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

interface ServiceObject extends Named {
  readonly spec: { readonly clusterIP?: string; readonly ports?: readonly { readonly port: number }[] };
}

interface ClaimObject extends Named {
  readonly status: { readonly phase?: string; readonly capacity?: { readonly storage?: string } };
}

interface BudgetObject extends Named {
  readonly status?: { readonly disruptionsAllowed?: number };
}

/** Everything a cluster consists of, as tables for a terminal. */
export async function showObjects(
  kubectl: Kubectl,
  key: { readonly namespace: string; readonly name: string },
): Promise<string[]> {
  const owned = [`--namespace=${key.namespace}`, `--selector=shardwright.io/cluster=${key.name}`];
  const columns = await kubectl.run(['get', 'shardedcluster', key.name, `--namespace=${key.namespace}`]);
  const [pods, services, claims, budgets, rest] = await Promise.all([
    kubectl.get<ListOf<PodObject>>(['pods', ...owned]),
    kubectl.get<ListOf<ServiceObject>>(['services', ...owned]),
    kubectl.get<ListOf<ClaimObject>>(['persistentvolumeclaims', ...owned]),
    kubectl.get<ListOf<BudgetObject>>(['poddisruptionbudgets', ...owned]),
    kubectl.get<ListOf<Named>>(['shardmaps,statefulsets,configmaps,secrets,serviceaccounts', ...owned]),
  ]);
  return [
    ...section('ShardedCluster', columns.trimEnd().split('\n')),
    ...section(
      'Instances',
      renderTable(
        ['SHARD', 'POD', 'ROLE', 'NODE', 'STATE'],
        pods.items.map((pod) => [
          shardOf(pod.metadata.labels),
          pod.metadata.name,
          pod.metadata.labels?.['shardwright.io/role'],
          pod.spec.nodeName,
          isPodReady(pod) ? 'Ready' : podTrouble(pod),
        ]),
      ),
    ),
    ...section(
      'Services',
      renderTable(
        ['SHARD', 'NAME', 'ADDRESS', 'PORTS'],
        services.items.map((service) => [
          shardOf(service.metadata.labels),
          service.metadata.name,
          service.spec.clusterIP === 'None' ? 'headless' : service.spec.clusterIP,
          service.spec.ports?.map(({ port }) => port).join(', '),
        ]),
      ),
    ),
    ...section(
      'Volumes',
      renderTable(
        ['SHARD', 'CLAIM', 'STATE', 'SIZE'],
        claims.items.map((claim) => [
          shardOf(claim.metadata.labels),
          claim.metadata.name,
          claim.status.phase,
          claim.status.capacity?.storage,
        ]),
      ),
    ),
    ...section(
      'Disruption budgets',
      renderTable(
        ['SHARD', 'NAME', 'MAY BE EVICTED NOW'],
        budgets.items.map((budget) => [
          shardOf(budget.metadata.labels),
          budget.metadata.name,
          String(budget.status?.disruptionsAllowed ?? 0),
        ]),
      ),
    ),
    ...section(
      'Everything else',
      renderTable(
        ['KIND', 'NAME'],
        rest.items.map(({ kind, metadata }) => [kind, metadata.name]),
      ),
    ),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return ['', title, ...lines.map((line) => `  ${line}`)];
}

function shardOf(labels: Readonly<Record<string, string>> | undefined): string | undefined {
  return labels?.['shardwright.io/shard'];
}
