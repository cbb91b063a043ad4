import { setTimeout as delay } from 'node:timers/promises';
import { shardMaps } from '../../../operator/src/controllers/sharded-cluster/resource-types.ts';
import type { ApiClient } from '../../../operator/src/runtime/client/api-client.ts';
import type { KubernetesObject, ResourceType } from '../../../operator/src/runtime/objects.ts';
import { pods } from '../../../operator/src/runtime/resources.ts';
import type { MapChange } from '../history/history.ts';
import type { Address, AddressSource } from './address-source.ts';
import { monotonicTime } from './monotonic-time.ts';

/** Which shard is followed. */
export interface ShardKey {
  readonly namespace: string;
  readonly cluster: string;
  readonly shard: number;
}

/** Follows a shard as a router would: the map tells the primary's pod, the pods tell their addresses. */
export interface ShardMapWatch extends AddressSource {
  /** The shard's last known state in the map. */
  readonly latest: MapChange;
  /** Addresses of the shard's pods that have one, by name. */
  podAddresses(): ReadonlyMap<string, string>;
}

const RETRY_MILLISECONDS = 100;
const WATCH_SECONDS = 600;

/** Begins to watch; `onChange` hears of every epoch and primary, the first included. Ends with the signal. */
export function watchShardMap(
  client: ApiClient,
  key: ShardKey,
  onChange: (change: MapChange) => void,
  signal: AbortSignal,
): ShardMapWatch {
  const podName = new RegExp(`^${key.cluster}-shard-${key.shard}-\\d+$`);
  const addresses = new Map<string, string>();
  let latest: MapChange = { at: monotonicTime(), epoch: 0, primary: null };
  let address: Address | undefined;
  let outdate = new AbortController();

  const update = (): void => {
    const host = latest.primary === null ? undefined : addresses.get(latest.primary);
    if (latest.primary !== null && address?.member === latest.primary && address.host === host) {
      return;
    }
    // While no primary is recorded, statements under way are left alone: the old one may yet answer.
    if (latest.primary === null) {
      address = undefined;
      return;
    }
    outdate.abort();
    outdate = new AbortController();
    address = host === undefined ? undefined : { host, member: latest.primary, outdated: outdate.signal };
  };

  void follow(client, shardMaps, { namespace: key.namespace, name: key.cluster }, signal, (object) => {
    const shard = object?.spec.shards.find(({ number }) => number === key.shard);
    if (shard === undefined || (shard.epoch === latest.epoch && shard.primary === latest.primary)) {
      return;
    }
    latest = { at: monotonicTime(), epoch: shard.epoch, primary: shard.primary };
    onChange(latest);
    update();
  });
  void follow(client, pods, { namespace: key.namespace }, signal, (object, gone) => {
    const name = object?.metadata?.name ?? '';
    const ip = object?.status?.podIP;
    if (!podName.test(name)) {
      return;
    }
    if (gone || ip === undefined) {
      addresses.delete(name);
    } else {
      addresses.set(name, ip);
    }
    update();
  });
  return {
    get latest() {
      return latest;
    },
    current: () => address,
    podAddresses: () => addresses,
  };
}

/** Lists and watches until the signal fires; whatever fails is begun anew. */
async function follow<T extends KubernetesObject>(
  client: ApiClient,
  type: ResourceType<T>,
  selection: { readonly namespace: string; readonly name?: string },
  signal: AbortSignal,
  onObject: (object: T | undefined, gone: boolean) => void,
): Promise<void> {
  const { namespace, name } = selection;
  const options = { namespace, ...(name !== undefined && { fieldSelector: `metadata.name=${name}` }) };
  while (!signal.aborted) {
    try {
      const { items, resourceVersion } = await client.list(type, options, signal);
      items.forEach((object) => onObject(object, false));
      const watch = { ...options, resourceVersion, timeoutSeconds: WATCH_SECONDS };
      for await (const event of client.watch(type, watch, signal)) {
        if (event.type !== 'BOOKMARK') {
          onObject(event.object, event.type === 'DELETED');
        }
      }
    } catch {
      await delay(RETRY_MILLISECONDS, undefined, { signal }).catch(() => undefined);
    }
  }
}
