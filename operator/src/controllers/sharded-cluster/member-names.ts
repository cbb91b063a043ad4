/** Tells from a name alone what an object is: labels can be removed by anybody, names cannot. */
import { shardName } from '../../api/v1alpha1/index.ts';
import { DATA_VOLUME } from './resources/pod-volumes.ts';

/** Name of the claim for the data of a pod, as the StatefulSet controller makes it. */
export function dataClaimName(pod: string): string {
  return `${DATA_VOLUME}-${pod}`;
}

/** Number of the shard whose StatefulSet has this name; `undefined` for any other name. */
export function shardOfStatefulSet(cluster: string, name: string): number | undefined {
  return shardAfter('', cluster, name, /^(0|[1-9]\d{0,3})$/);
}

/** Number of the shard whose pod keeps its data in the claim of this name; `undefined` for any other name. */
export function shardOfDataClaim(cluster: string, name: string): number | undefined {
  return shardAfter(dataClaimName(''), cluster, name, /^(0|[1-9]\d{0,3})-(?:0|[1-9]\d{0,3})$/);
}

function shardAfter(prefix: string, cluster: string, name: string, rest: RegExp): number | undefined {
  const number = rest.exec(name.slice(`${prefix}${cluster}-shard-`.length))?.[1];
  const isOurs = number !== undefined && name.startsWith(`${prefix}${shardName(cluster, Number(number))}`);
  return isOurs ? Number(number) : undefined;
}
