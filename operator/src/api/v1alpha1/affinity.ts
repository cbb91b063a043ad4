/**
 * `spec.affinity`: the shape of Kubernetes' own `affinity`, written out with limits instead of being passed
 * through unchecked, so that a mistake is refused where the user made it and not later, where the operator
 * writes the StatefulSet.
 */
import { z } from 'zod';
import {
  atomicList,
  celList,
  choice,
  integer,
  LABEL_VALUE,
  QUALIFIED_NAME,
  qualifiedKeys,
  rules,
  type ValidationRule,
} from './fields.ts';

/** A label key: an optional DNS name and a slash, and a name. */
export const labelKey = (description: string) =>
  z
    .string()
    .min(1)
    .max(317)
    .regex(new RegExp(`^${QUALIFIED_NAME}$`, 'u'))
    .meta({ description });

/** A label's value. */
export const labelValue = () =>
  z.string().max(63).regex(LABEL_VALUE).meta({ description: 'Value of the label.' });

/** In and NotIn, and where there are any Gt and Lt, compare with values; the other operators look at the key alone. */
const valuesRule = (path: string, comparing: readonly string[]): ValidationRule => ({
  rule: `(self.operator in ${celList(comparing)}) == (has(self.values) && self.values.size() > 0)`,
  message: `${path}.values goes with operator ${comparing.join(', ')} only: add values, or use Exists or DoesNotExist without`,
  fieldPath: '.values',
});

/** A label selector, as everywhere in Kubernetes. */
export const labelSelectorSchema = z
  .object({
    matchLabels: z
      .record(z.string(), labelValue())
      .meta({
        description: 'Labels that must be there with these values.',
        maxProperties: 16,
        ...rules(qualifiedKeys('matchLabels')),
      })
      .exactOptional(),
    matchExpressions: atomicList(
      16,
      z
        .object({
          key: labelKey('Label key.'),
          operator: choice(['In', 'NotIn', 'Exists', 'DoesNotExist'], 'How the values are compared.'),
          values: atomicList(32, labelValue(), 'Values for `In` and `NotIn`.').exactOptional(),
        })
        .meta(rules(valuesRule('matchExpressions[]', ['In', 'NotIn']))),
      'Conditions that must all hold.',
    ).exactOptional(),
  })
  .meta({ description: 'Which pods, by label.' });

const NODE_REQUIREMENTS = 'spec.affinity.nodeAffinity: ';

const nodeRequirements = (description: string, ...list: ValidationRule[]) =>
  atomicList(
    16,
    z
      .object({
        key: labelKey('Label key, or field name.'),
        operator: choice(
          ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'],
          'How the values are compared.',
        ),
        values: atomicList(64, z.string().max(253), 'Values to compare with.').exactOptional(),
      })
      .meta(rules(...list)),
    description,
  ).exactOptional();

const nodeSelectorTerm = z
  .object({
    matchExpressions: nodeRequirements(
      'Conditions on the labels of the node.',
      valuesRule(`${NODE_REQUIREMENTS}matchExpressions[]`, ['In', 'NotIn', 'Gt', 'Lt']),
      {
        rule: "!(self.operator in ['Gt', 'Lt']) || !has(self.values) || (self.values.size() == 1 && self.values[0].matches('^[+-]?[0-9]{1,18}$'))",
        message: `${NODE_REQUIREMENTS}matchExpressions[].values is one whole number with operator Gt or Lt: write it as ["15"]`,
        fieldPath: '.values',
      },
    ),
    matchFields: nodeRequirements(
      'Conditions on the fields of the node, of which there is `metadata.name`.',
      {
        rule: "self.key == 'metadata.name' && self.operator in ['In', 'NotIn'] && has(self.values) && self.values.size() == 1",
        message: `${NODE_REQUIREMENTS}matchFields[] compares the field metadata.name with one value, by In or NotIn: write that, or use matchExpressions`,
      },
    ),
  })
  .meta({ description: 'Conditions that must all hold.' });

const weight = () => integer(1, 100, 'Weight of the preference, 1 to 100.');

const podAffinityTerm = z
  .object({
    topologyKey: labelKey('Node label that says what counts as the same place.'),
    labelSelector: labelSelectorSchema.exactOptional(),
    namespaces: atomicList(16, z.string().max(63), 'Namespaces of the pods.').exactOptional(),
    namespaceSelector: labelSelectorSchema.exactOptional(),
    matchLabelKeys: atomicList(8, labelKey('Label key.'), 'Pod labels to compare as well.').exactOptional(),
    mismatchLabelKeys: atomicList(8, labelKey('Label key.'), 'Pod labels that must differ.').exactOptional(),
  })
  .meta({ description: 'Pods to be near to, or away from.' });

const podAffinity = (description: string) =>
  z
    .object({
      requiredDuringSchedulingIgnoredDuringExecution: atomicList(
        8,
        podAffinityTerm,
        'Must hold.',
      ).exactOptional(),
      preferredDuringSchedulingIgnoredDuringExecution: atomicList(
        8,
        z.object({ weight: weight(), podAffinityTerm }),
        'Should hold.',
      ).exactOptional(),
    })
    .meta({ description })
    .exactOptional();

export const affinitySchema = z
  .object({
    nodeAffinity: z
      .object({
        requiredDuringSchedulingIgnoredDuringExecution: z
          .object({
            nodeSelectorTerms: z.array(nodeSelectorTerm).min(1).max(8).meta({
              description: 'Alternatives, of which one must hold.',
              'x-kubernetes-list-type': 'atomic',
            }),
          })
          .meta({ description: 'Must hold.' })
          .exactOptional(),
        preferredDuringSchedulingIgnoredDuringExecution: atomicList(
          8,
          z.object({ weight: weight(), preference: nodeSelectorTerm }),
          'Should hold.',
        ).exactOptional(),
      })
      .meta({ description: 'Nodes to run on.' })
      .exactOptional(),
    podAffinity: podAffinity('Pods to be near to.'),
    podAntiAffinity: podAffinity('Pods to be away from, beside what `spec.podAntiAffinity` adds.'),
  })
  .meta({
    description:
      'Affinity of the database pods, in Kubernetes’ own terms, added to what `podAntiAffinity` sets up.',
  });
