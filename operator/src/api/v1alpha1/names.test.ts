import { describe, expect, it } from '@jest/globals';
import {
  adminSecretName,
  applicationSecretName,
  MAX_CLUSTER_NAME_LENGTH,
  podName,
  primaryServiceName,
  replicasServiceName,
  shardName,
} from './names.ts';

const MAX_LABEL_LENGTH = 63;

describe('names of a cluster with the longest name and the highest numbers', () => {
  const cluster = 'c'.repeat(MAX_CLUSTER_NAME_LENGTH);
  const number = 9999;

  it.each([
    shardName(cluster, number),
    podName(cluster, number, 8),
    primaryServiceName(cluster, number),
    replicasServiceName(cluster, number),
    applicationSecretName(cluster),
    adminSecretName(cluster),
    `${shardName(cluster, number)}-${'f'.repeat(10)}`,
  ])('%s fits a label', (name) => {
    expect(name.length).toBeLessThanOrEqual(MAX_LABEL_LENGTH);
  });
});
