import { describe, expect, it } from '@jest/globals';
import { persistentVolume, planVolumes, provisionerName } from './plan.ts';
import type { Claim, StorageClass, Volume } from './plan.ts';

const storageClass: StorageClass = {
  metadata: { name: 'local' },
  provisioner: provisionerName,
  reclaimPolicy: 'Delete',
};

const claim: Claim = {
  metadata: {
    name: 'data',
    namespace: 'shop',
    uid: 'u-1',
    annotations: { 'volume.kubernetes.io/selected-node': 'node-2' },
  },
  spec: { storageClassName: 'local', resources: { requests: { storage: '2Gi' } } },
};

const volume: Volume = {
  metadata: { name: 'pvc-u-1', annotations: { 'pv.kubernetes.io/provisioned-by': provisionerName } },
  spec: {
    persistentVolumeReclaimPolicy: 'Delete',
    local: { path: '/volumes/pvc-u-1' },
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', values: ['node-2'] }] }],
      },
    },
  },
  status: { phase: 'Released' },
};

const observed = { claims: [claim], volumes: [] as Volume[], classes: [storageClass] };

describe('planVolumes', () => {
  it('makes a volume on the node that the scheduler chose', () => {
    expect(planVolumes(observed)).toEqual([
      { kind: 'provision', claim, node: 'node-2', reclaimPolicy: 'Delete' },
    ]);
  });

  it.each<[string, Claim]>([
    ['no node is chosen yet', { ...claim, metadata: { ...claim.metadata, annotations: {} } }],
    ['it is bound', { ...claim, spec: { ...claim.spec, volumeName: 'pvc-u-1' } }],
    [
      'it is being deleted',
      { ...claim, metadata: { ...claim.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
    ],
    ['it is of another class', { ...claim, spec: { ...claim.spec, storageClassName: 'standard' } }],
    ['it wants a block device', { ...claim, spec: { ...claim.spec, volumeMode: 'Block' } }],
  ])('leaves a claim alone when %s', (_title, other) => {
    expect(planVolumes({ ...observed, claims: [other] })).toEqual([]);
  });

  it('does not make a volume twice', () => {
    const bound = { ...volume, status: { phase: 'Available' } };
    expect(planVolumes({ ...observed, volumes: [bound] })).toEqual([]);
  });

  it('removes a released volume and its folder', () => {
    expect(planVolumes({ ...observed, claims: [], volumes: [volume] })).toEqual([
      { kind: 'remove', volume, path: '/volumes/pvc-u-1', node: 'node-2' },
    ]);
  });

  it.each<[string, Volume]>([
    [
      'it is kept by policy',
      { ...volume, spec: { ...volume.spec, persistentVolumeReclaimPolicy: 'Retain' } },
    ],
    ['it is in use', { ...volume, status: { phase: 'Bound' } }],
    ['another provisioner made it', { ...volume, metadata: { name: 'pvc-u-1' } }],
  ])('leaves a volume alone when %s', (_title, other) => {
    expect(planVolumes({ ...observed, claims: [], volumes: [other] })).toEqual([]);
  });
});

describe('persistentVolume', () => {
  it('belongs to the claim and to the node', () => {
    expect(persistentVolume(claim, 'node-2', '/volumes/pvc-u-1', 'Retain')).toMatchObject({
      metadata: { name: 'pvc-u-1' },
      spec: {
        capacity: { storage: '2Gi' },
        persistentVolumeReclaimPolicy: 'Retain',
        claimRef: { namespace: 'shop', name: 'data', uid: 'u-1' },
        local: { path: '/volumes/pvc-u-1' },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', values: ['node-2'] }] },
            ],
          },
        },
      },
    });
  });
});
