/** `spec.storage`: the volume of each database instance. */
import { z } from 'zod';
import { DNS_SUBDOMAIN, matching, rules } from './fields.ts';
import { MAX_QUANTITY, MAX_QUANTITY_LENGTH } from './quantity.ts';

/** Smallest volume: system tables, redo log and a day of binary logs do not fit below. */
export const MIN_STORAGE_SIZE = '1Gi';

const IMMUTABLE_CLASS =
  'spec.storage.storageClassName cannot change, since existing volumes stay where they are: restore the former ' +
  'value, or create a new ShardedCluster with the other class and move the data into it';

export const storageSchema = z
  .object({
    size: z
      .string()
      .min(1)
      .max(MAX_QUANTITY_LENGTH)
      .meta({
        description:
          `Size of each instance's volume, as a quantity. At least ${MIN_STORAGE_SIZE}, at most ${MAX_QUANTITY}. ` +
          'Cannot be changed: volumes cannot shrink, and growing them is not supported yet.',
        ...rules(
          {
            rule: 'isQuantity(self)',
            message: 'spec.storage.size is not a quantity: write a number with a unit, such as 10Gi',
          },
          {
            rule: `!isQuantity(self) || quantity(self).compareTo(quantity('${MIN_STORAGE_SIZE}')) >= 0`,
            message: `spec.storage.size is too small for a database: ask for ${MIN_STORAGE_SIZE} or more`,
          },
          {
            rule: `!isQuantity(self) || quantity(self).compareTo(quantity('${MAX_QUANTITY}')) <= 0`,
            message: `spec.storage.size is more than a volume can have: ask for ${MAX_QUANTITY} or less`,
          },
          {
            rule: '!isQuantity(self) || !isQuantity(oldSelf) || quantity(self).compareTo(quantity(oldSelf)) == 0',
            message:
              'spec.storage.size cannot change, since volumes cannot shrink and growing them is not supported yet: restore the ' +
              'former size, or create a new ShardedCluster with volumes of the other size and move the data into it',
            reason: 'FieldValueForbidden',
          },
        ),
      })
      .default('10Gi'),
    storageClassName: matching(
      {
        maxLength: 253,
        pattern: `^${DNS_SUBDOMAIN}$`,
        message:
          'spec.storage.storageClassName is not the name of a StorageClass: use lower-case letters, digits, - and .',
      },
      'StorageClass of the volumes. Without it, the default class of the Kubernetes cluster. Cannot be changed.',
    ).exactOptional(),
  })
  .meta({
    description: 'Volume of each database instance.',
    ...rules({
      rule:
        'has(self.storageClassName) == has(oldSelf.storageClassName) && ' +
        '(!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)',
      message: IMMUTABLE_CLASS,
      fieldPath: '.storageClassName',
      reason: 'FieldValueForbidden',
    }),
  });
