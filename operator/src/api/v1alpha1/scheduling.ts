/** Where the database pods run: constraints in Kubernetes' own terms. */
import { z } from 'zod';
import { labelKey, labelSelectorSchema, labelValue } from './affinity.ts';
import {
  atomicList,
  choice,
  DNS_SUBDOMAIN,
  integer,
  keyedList,
  matching,
  qualifiedKeys,
  rules,
} from './fields.ts';
import { secretName } from './secrets.ts';

const topologySpreadConstraint = z
  .object({
    maxSkew: integer(1, 1000, 'How uneven the spread may be, in pods.'),
    topologyKey: labelKey('Node label that says what counts as the same place.'),
    whenUnsatisfiable: choice(['DoNotSchedule', 'ScheduleAnyway'], 'Whether a pod waits or runs regardless.'),
    labelSelector: labelSelectorSchema.exactOptional(),
    minDomains: integer(1, 1000, 'Fewest places to spread over.').exactOptional(),
    nodeAffinityPolicy: choice(
      ['Honor', 'Ignore'],
      'Whether node affinity limits the places.',
    ).exactOptional(),
    nodeTaintsPolicy: choice(['Honor', 'Ignore'], 'Whether tainted nodes count as places.').exactOptional(),
    matchLabelKeys: atomicList(8, labelKey('Label key.'), 'Pod labels to compare as well.').exactOptional(),
  })
  .meta({
    description: 'One rule of spread. Without `labelSelector`, it is about the pods of the same shard.',
    ...rules({
      rule: "!has(self.minDomains) || self.whenUnsatisfiable == 'DoNotSchedule'",
      message:
        'spec.topologySpreadConstraints[].minDomains has an effect with whenUnsatisfiable: DoNotSchedule only: set ' +
        'that, or remove minDomains',
      fieldPath: '.minDomains',
    }),
  });

const toleration = z
  .object({
    key: labelKey('Taint key; every taint without it.').exactOptional(),
    operator: choice(['Exists', 'Equal'], 'How the value is compared. `Equal` where absent.').exactOptional(),
    value: labelValue().meta({ description: 'Taint value.' }).exactOptional(),
    effect: choice(
      ['NoSchedule', 'PreferNoSchedule', 'NoExecute'],
      'Taint effect; every effect without it.',
    ).exactOptional(),
    tolerationSeconds: integer(
      0,
      31_536_000,
      'Seconds a pod stays on a node after a `NoExecute` taint appears; for ever without it.',
    ).exactOptional(),
  })
  .meta({
    description: 'A taint the database pods put up with.',
    ...rules(
      {
        rule: "has(self.key) || (has(self.operator) && self.operator == 'Exists')",
        message:
          'spec.tolerations[].key is missing: name the taint, or set operator: Exists to put up with all',
        fieldPath: '.key',
      },
      {
        rule: "!has(self.operator) || self.operator != 'Exists' || !has(self.value)",
        message:
          'spec.tolerations[].value has no meaning with operator: Exists: remove it, or set operator: Equal',
        fieldPath: '.value',
      },
      {
        rule: "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
        message:
          'spec.tolerations[].tolerationSeconds goes with effect: NoExecute only: set that, or remove it',
        fieldPath: '.tolerationSeconds',
      },
    ),
  });

/** The scheduling fields of `spec`. */
export const schedulingFields = {
  podAntiAffinity: choice(
    ['Preferred', 'Required', 'Disabled'],
    'Whether instances of one shard run on different nodes. `Required` leaves a pod waiting where there are fewer ' +
      'nodes than instances; `Preferred` then shares a node, whose loss can stop the shard.',
  ).default('Preferred'),
  topologySpreadConstraints: keyedList(
    { maxItems: 8, keys: ['topologyKey', 'whenUnsatisfiable'] },
    topologySpreadConstraint,
    'How the pods of each shard spread over zones or other parts of the Kubernetes cluster.',
  ).exactOptional(),
  tolerations: atomicList(16, toleration, 'Taints the database pods put up with.').exactOptional(),
  nodeSelector: z
    .record(z.string(), labelValue())
    .meta({
      description: 'Labels a node must have to run database pods.',
      maxProperties: 16,
      ...rules(qualifiedKeys('spec.nodeSelector')),
    })
    .exactOptional(),
  priorityClassName: matching(
    {
      maxLength: 253,
      pattern: `^${DNS_SUBDOMAIN}$`,
      message:
        'spec.priorityClassName is not the name of a PriorityClass: use lower-case letters, digits, - and .',
    },
    'PriorityClass of the database pods.',
  ).exactOptional(),
  imagePullSecrets: keyedList(
    { maxItems: 8, keys: ['name'] },
    z
      .object({
        name: secretName('spec.imagePullSecrets[].name', 'Name of the Secret, in the same namespace.'),
      })
      .meta({ description: 'Reference to a Secret.' }),
    'Secrets with registry credentials, for all pods of the cluster.',
  ).exactOptional(),
};
