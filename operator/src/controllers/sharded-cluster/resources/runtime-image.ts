/**
 * Which image the pods of a shard take our programs from. The operator's own, when the StatefulSet is made; after an
 * upgrade of the operator the same as before, until the pods have to restart for another reason.
 */
import { createHash } from 'node:crypto';
import type { V1StatefulSet } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { ANNOTATIONS } from '../../../api/v1alpha1/index.ts';
import { canonicalText, toJson } from '../../../runtime/apply/json.ts';

/**
 * Version of the builder of pods. Raise it together with any change of what is built of the same spec: the pods of
 * every cluster then wait for a restart (`RestartPending`), and take the operator's image with it. Nobody restarts them
 * for that alone.
 */
export const BUILDER_VERSION = '5';

/** What a StatefulSet is annotated with, by which the next pass knows what to keep. */
export interface RuntimeImage {
  readonly image: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * The image recorded on `live`, as long as neither the builder nor what the spec says of the pods has changed since;
 * `operatorImage` otherwise. The record is read, not the template: an image changed there by hand is put back.
 */
export function runtimeImageOf(
  cluster: ShardedCluster,
  operatorImage: string,
  live: V1StatefulSet | undefined,
): RuntimeImage {
  const recorded = live?.metadata?.annotations ?? {};
  const podSettings = podSettingsDigest(cluster);
  const isCurrent =
    recorded[ANNOTATIONS.builderVersion] === BUILDER_VERSION &&
    recorded[ANNOTATIONS.podSettings] === podSettings;
  const kept = recorded[ANNOTATIONS.runtimeImage];
  const image = isCurrent && kept !== undefined && kept !== '' ? kept : operatorImage;
  return {
    image,
    annotations: {
      [ANNOTATIONS.builderVersion]: BUILDER_VERSION,
      [ANNOTATIONS.runtimeImage]: image,
      [ANNOTATIONS.podSettings]: podSettings,
    },
  };
}

/**
 * The first 16 hexadecimal digits of the SHA-256 of every field of the spec that a pod is built from. Fields are named
 * one by one: a field that a newer operator knows, and fills in, is no wish of the user.
 */
export function podSettingsDigest({ spec }: ShardedCluster): string {
  const { engine, config, resources, priorityClassName, imagePullSecrets } = spec;
  const { affinity, podAntiAffinity, topologySpreadConstraints, tolerations, nodeSelector } = spec;
  const settings = {
    engine: [engine.type, engine.version, engine.image ?? ''],
    config,
    resources,
    affinity,
    podAntiAffinity,
    topologySpreadConstraints,
    tolerations,
    nodeSelector,
    priorityClassName,
    imagePullSecrets,
  };
  return createHash('sha256')
    .update(canonicalText(toJson(settings)))
    .digest('hex')
    .slice(0, 16);
}
