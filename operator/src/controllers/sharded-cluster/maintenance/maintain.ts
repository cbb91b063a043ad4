import type { V1Node } from '@kubernetes/client-node';
import type { EventReason, ShardMapSpec } from '../../../api/v1alpha1/index.ts';
import { isApiError } from '../../../runtime/client/api-error.ts';
import type { ApiClient } from '../../../runtime/client/api-client.ts';
import { keyOf } from '../../../runtime/objects.ts';
import { nodes, persistentVolumeClaims, persistentVolumes, pods } from '../../../runtime/resources.ts';
import type { PlanInput } from '../plan.ts';
import type { Refusals } from '../refusals.ts';
import { findSuspects, isOutOfService, nodesOf, type Suspect } from './decide-remakes.ts';
import { decideRestarts } from './decide-restarts.ts';

/** What looking after pods and volumes works with. */
export interface Maintenance extends Pick<PlanInput, 'cluster' | 'observed' | 'reports'> {
  readonly client: ApiClient;
  readonly map: ShardMapSpec;
  readonly refusals: Refusals;
  /** Records an event about the cluster. */
  readonly tell: (reason: EventReason, action: string, note: string) => void;
}

/**
 * Deletes the pods that are to run with settings of now, and what is left of replicas whose volume is gone: the
 * StatefulSets make both anew.
 */
export async function maintainPods(maintenance: Maintenance, signal: AbortSignal): Promise<void> {
  await remakeReplicas(maintenance, signal);
  await restartPods(maintenance, signal);
}

async function restartPods(
  { client, cluster, map, observed, reports, refusals, tell }: Maintenance,
  signal: AbortSignal,
): Promise<void> {
  const { next } = decideRestarts({ cluster, map, reports, ...observed });
  for (const pod of next) {
    const key = keyOf(pod);
    const deleted = await refusals.attempt(`the restart of Pod ${key.name}`, () =>
      client.delete(pods, key, { uid: pod.metadata?.uid }, signal),
    );
    if (deleted === true) {
      const note = `${key.name} is restarted: the spec has changed what it is built from.`;
      tell('InstanceRestarted', 'Restart', note);
    }
  }
}

async function remakeReplicas(
  { client, cluster, map, observed, reports, refusals, tell }: Maintenance,
  signal: AbortSignal,
): Promise<void> {
  const suspects = findSuspects(cluster, map, observed.pods, observed.volumeClaims, reports);
  for (const suspect of suspects) {
    await refusals.attempt(`what is left of Pod ${suspect.pod}`, async () => {
      const why = await findCause(client, suspect, signal);
      if (why !== undefined) {
        await removeReplica(client, suspect, signal);
        tell('ReplicaMoved', 'Remake', `${suspect.pod} is made anew: ${why}.`);
      }
    });
  }
}

/** Why the volume of a replica is gone for good, in words; undefined when that is not certain. */
async function findCause(
  client: ApiClient,
  { claim, why }: Suspect,
  signal: AbortSignal,
): Promise<string | undefined> {
  const name = keyOf(claim).name;
  switch (why) {
    case 'lost':
      return `the volume of PersistentVolumeClaim ${name} is lost`;
    case 'deleted':
      return `PersistentVolumeClaim ${name} was deleted`;
    case 'unscheduled':
    default: {
      const gone = await findNodesGone(client, claim.spec?.volumeName, signal);
      return gone === undefined ? undefined : `its volume is on ${gone.join(', ')}, which is out of service`;
    }
  }
}

/** The nodes a volume is bound to, when all of them are out of service. */
async function findNodesGone(
  client: ApiClient,
  volumeName: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  if (volumeName === undefined) {
    return undefined;
  }
  try {
    const volume = await client.get(persistentVolumes, { name: volumeName }, signal);
    const names = volume === undefined ? null : nodesOf(volume);
    if (names === null || names.length === 0) {
      return undefined;
    }
    const found: (V1Node | undefined)[] = [];
    for (const name of names) {
      found.push(await client.get(nodes, { name }, signal));
    }
    return found.every((node) => node !== undefined && isOutOfService(node)) ? names : undefined;
  } catch (error) {
    // An operator of one namespace may not look at nodes, and leaves that to a person.
    if (isApiError(error, 'Forbidden')) {
      return undefined;
    }
    throw error;
  }
}

/** The claim first: it goes once no pod uses it, and the pod is made anew only then with another. */
async function removeReplica(
  client: ApiClient,
  { claim, live }: Suspect,
  signal: AbortSignal,
): Promise<void> {
  await client.delete(persistentVolumeClaims, keyOf(claim), { uid: claim.metadata?.uid }, signal);
  if (live !== undefined) {
    await client.delete(pods, keyOf(live), { uid: live.metadata?.uid }, signal);
  }
}
