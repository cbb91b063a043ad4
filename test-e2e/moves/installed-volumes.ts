/** Volumes that can be filled, for a stage on the nodes of the development cluster. */
import type { ApiClient } from '../../operator/src/runtime/client/api-client.ts';
import type { ResourceType } from '../../operator/src/runtime/objects.ts';
import { nodes, persistentVolumeClaims, type pods } from '../../operator/src/runtime/resources.ts';
import type { ClusterStage } from '../bench/cluster-stage.ts';
import { makeSmallVolumes, removeSmallVolumes } from '../sharded-cluster/small-volumes.ts';
import { SMALL_VOLUMES } from './installed-objects.ts';
import type { MovesStageOptions } from './moves-stage.ts';

type Pod = typeof pods extends ResourceType<infer T> ? T : never;

const NEVER = new AbortController().signal;

/** Makes one for each server where the options say so; they go when the stage is closed. */
export async function makeVolumes(
  stage: ClusterStage,
  { filledShards, instances, volumeMebibytes }: MovesStageOptions,
): Promise<void> {
  if (volumeMebibytes === undefined) {
    return;
  }
  const { kubectl, client } = stage;
  // A volume that an interrupted run has left is nobody's, and is given to nobody.
  await removeSmallVolumes(kubectl, SMALL_VOLUMES);
  stage.afterRemoval(() => removeSmallVolumes(kubectl, SMALL_VOLUMES));
  const { length: count } = (await client.list(nodes, {}, NEVER)).items;
  const perNode = Math.ceil((filledShards * instances) / count);
  await makeSmallVolumes(kubectl, SMALL_VOLUMES, { count, perNode, mebibytes: volumeMebibytes });
}

/** Name of the volume of a database's pod. */
export async function volumeOf(client: ApiClient, { metadata, spec }: Pod): Promise<string> {
  const names = spec?.volumes?.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);
  const key = { namespace: metadata?.namespace ?? '', name: names?.[0] ?? '' };
  const volume = (await client.get(persistentVolumeClaims, key, NEVER))?.spec?.volumeName;
  if (volume === undefined) {
    throw new Error(`${metadata?.name} has no volume`);
  }
  return volume;
}
