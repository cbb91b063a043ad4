/** CPU and memory of a container, the shape of Kubernetes' own `resources` without its alpha fields. */
import { z } from 'zod';
import { rules } from './fields.ts';
import { quantity } from './quantity.ts';

const amounts = (description: string) =>
  z
    .record(z.string(), quantity('Amount of the resource, as a quantity.'))
    .meta({ description, maxProperties: 16 });

/** Schema of `resources` at `path`. */
export function resourcesSchema(path: string, description: string) {
  return z
    .object({
      requests: amounts(
        'What the scheduler sets aside, by resource name (`cpu`, `memory` …).',
      ).exactOptional(),
      limits: amounts('What the container may use at most, by resource name.').exactOptional(),
    })
    .meta({
      description,
      ...rules({
        rule:
          '!has(self.requests) || !has(self.limits) || self.requests.all(name, !(name in self.limits) || ' +
          '!isQuantity(string(self.requests[name])) || !isQuantity(string(self.limits[name])) || ' +
          'quantity(string(self.requests[name])).compareTo(quantity(string(self.limits[name]))) <= 0)',
        message: `${path}.requests exceeds ${path}.limits: lower the request or raise the limit`,
        fieldPath: '.requests',
      }),
    });
}
