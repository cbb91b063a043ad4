/** Kubernetes quantities, such as `500m` or `10Gi`. */
import { z } from 'zod';
import { rules } from './fields.ts';

/** Longest quantity accepted, in characters. */
export const MAX_QUANTITY_LENGTH = 32;

/** Largest quantity accepted: beyond any machine, and well within what Kubernetes can count. */
export const MAX_QUANTITY = '1Pi';

/** A quantity as Kubernetes takes it in `resources`: `2`, `500m`, `10Gi`. */
export function quantity(description: string) {
  return z
    .union([
      z
        .int()
        .min(0)
        .max(2 ** 53 - 1),
      z.string().min(1).max(MAX_QUANTITY_LENGTH),
    ])
    .meta({
      description,
      'x-kubernetes-int-or-string': true,
      maxLength: MAX_QUANTITY_LENGTH,
      ...rules(
        {
          rule: 'type(self) == int || isQuantity(string(self))',
          message: 'the amount is not a quantity: write a number with a unit, such as 500m, 2 or 10Gi',
        },
        {
          rule:
            "!isQuantity(string(self)) || (quantity(string(self)).compareTo(quantity('0')) >= 0 && " +
            `quantity(string(self)).compareTo(quantity('${MAX_QUANTITY}')) <= 0)`,
          message: `the amount is below 0 or above ${MAX_QUANTITY}: write one between them`,
        },
      ),
    });
}
