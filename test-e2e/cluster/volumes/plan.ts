import type { ApiObject } from '../api/client.ts';

/** What the provisioner is called in StorageClasses and in the annotations of volumes. */
export const provisionerName = 'local.shardwright.io/folder';

/** The default StorageClass. */
export const storageClassName = 'local';

/** The fields of a PersistentVolumeClaim that matter here. */
export interface Claim extends ApiObject {
  readonly spec: {
    readonly storageClassName?: string;
    readonly volumeName?: string;
    readonly volumeMode?: string;
    readonly accessModes?: readonly string[];
    readonly resources?: { readonly requests?: { readonly storage?: string } };
  };
  readonly status?: { readonly phase?: string };
}

/** The fields of a PersistentVolume that matter here. */
export interface Volume extends ApiObject {
  readonly spec: {
    readonly persistentVolumeReclaimPolicy?: string;
    readonly local?: { readonly path: string };
    readonly nodeAffinity?: {
      readonly required?: {
        readonly nodeSelectorTerms?: readonly {
          readonly matchExpressions?: readonly {
            readonly key: string;
            readonly values?: readonly string[];
          }[];
        }[];
      };
    };
  };
  readonly status?: { readonly phase?: string };
}

/** The fields of a StorageClass that matter here. */
export interface StorageClass extends ApiObject {
  readonly provisioner: string;
  readonly reclaimPolicy?: string;
}

/** One thing to do. */
export type VolumeAction =
  | {
      readonly kind: 'provision';
      readonly claim: Claim;
      readonly node: string;
      readonly reclaimPolicy: string;
    }
  | {
      readonly kind: 'remove';
      readonly volume: Volume;
      readonly path: string;
      readonly node: string | undefined;
    };

/** The name of the volume of a claim: a new claim of the same name gets another volume. */
export function volumeName(claim: Claim): string {
  return `pvc-${claim.metadata.uid ?? ''}`;
}

/**
 * Decides what to do about the claims and volumes of a cluster. A claim is served once the scheduler has
 * chosen a node for its pod; a volume of ours is removed with its folder when its claim is gone and its
 * policy is Delete.
 */
export function planVolumes(observed: {
  readonly claims: readonly Claim[];
  readonly volumes: readonly Volume[];
  readonly classes: readonly StorageClass[];
}): VolumeAction[] {
  const classes = new Map(
    observed.classes
      .filter((candidate) => candidate.provisioner === provisionerName)
      .map((candidate) => [candidate.metadata.name, candidate]),
  );
  const volumeNames = new Set(observed.volumes.map((volume) => volume.metadata.name));
  const provisions = observed.claims.flatMap((claim): VolumeAction[] => {
    const storageClass = classes.get(claim.spec.storageClassName ?? '');
    const node = claim.metadata.annotations?.['volume.kubernetes.io/selected-node'];
    const waits =
      storageClass !== undefined &&
      node !== undefined &&
      claim.metadata.deletionTimestamp === undefined &&
      (claim.spec.volumeName ?? '') === '' &&
      claim.spec.volumeMode !== 'Block' &&
      !volumeNames.has(volumeName(claim));
    return waits
      ? [{ kind: 'provision', claim, node, reclaimPolicy: storageClass.reclaimPolicy ?? 'Delete' }]
      : [];
  });
  const removals = observed.volumes.flatMap((volume): VolumeAction[] => {
    const ours = volume.metadata.annotations?.['pv.kubernetes.io/provisioned-by'] === provisionerName;
    const released =
      volume.status?.phase === 'Released' && volume.spec.persistentVolumeReclaimPolicy === 'Delete';
    return ours && released && volume.spec.local !== undefined
      ? [{ kind: 'remove', volume, path: volume.spec.local.path, node: nodeOf(volume) }]
      : [];
  });
  return [...provisions, ...removals];
}

/** The node that a volume of ours is pinned to. */
function nodeOf(volume: Volume): string | undefined {
  const [term] = volume.spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return term?.matchExpressions?.find((expression) => expression.key === 'kubernetes.io/hostname')
    ?.values?.[0];
}

/** The PersistentVolume for a claim: of type `local`, bound to the claim and usable on that node only. */
export function persistentVolume(claim: Claim, node: string, path: string, reclaimPolicy: string): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volumeName(claim),
      annotations: { 'pv.kubernetes.io/provisioned-by': provisionerName },
    },
    spec: {
      capacity: { storage: claim.spec.resources?.requests?.storage ?? '1Gi' },
      accessModes: claim.spec.accessModes ?? ['ReadWriteOnce'],
      volumeMode: 'Filesystem',
      persistentVolumeReclaimPolicy: reclaimPolicy,
      storageClassName: claim.spec.storageClassName,
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace: claim.metadata.namespace,
        name: claim.metadata.name,
        uid: claim.metadata.uid,
      },
      local: { path },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
          ],
        },
      },
    },
  };
}
