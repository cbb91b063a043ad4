/** CPU and memory of a container, the shape of Kubernetes' own `resources` without its alpha fields. */
import { z } from 'zod';
import { celString, DNS_SUBDOMAIN, rules, type ValidationRule } from './fields.ts';
import { quantity } from './quantity.ts';

/** Resources of which a container may use more than it asked for. */
const SHARED_RESOURCES = 'cpu|memory|ephemeral-storage';

/** What Kubernetes takes for a resource: its own, huge pages of one size, and those of devices. */
const RESOURCE_NAME =
  `^(${SHARED_RESOURCES}|hugepages-[1-9][0-9]*[KMGT]i|` +
  `${DNS_SUBDOMAIN}/[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)$`;

function amounts(path: string, minimumMemory: string, description: string) {
  const list: ValidationRule[] = [
    {
      rule: `self.all(name, name.matches(${celString(RESOURCE_NAME)}))`,
      message:
        `${path} has a key that is no resource: write cpu, memory, ephemeral-storage, hugepages-2Mi, or the name ` +
        'of a device as example.com/device',
    },
    {
      rule:
        "!('memory' in self) || !isQuantity(string(self['memory'])) || " +
        `quantity(string(self['memory'])).compareTo(quantity('${minimumMemory}')) >= 0`,
      message: `${path}.memory is too small to start with: write ${minimumMemory} or more, with its unit`,
    },
  ];
  return z
    .record(z.string(), quantity('Amount of the resource, as a quantity.'))
    .meta({ description, maxProperties: 16, ...rules(...list) });
}

/** Schema of `resources` at `path`, with the least memory the program starts with. */
export function resourcesSchema(path: string, minimumMemory: string, description: string) {
  return z
    .object({
      requests: amounts(
        `${path}.requests`,
        minimumMemory,
        'What the scheduler sets aside, by resource name (`cpu`, `memory` …).',
      ).exactOptional(),
      limits: amounts(
        `${path}.limits`,
        minimumMemory,
        'What the container may use at most, by resource name.',
      ).exactOptional(),
    })
    .meta({
      description,
      ...rules(
        {
          rule:
            '!has(self.requests) || !has(self.limits) || self.requests.all(name, !(name in self.limits) || ' +
            '!isQuantity(string(self.requests[name])) || !isQuantity(string(self.limits[name])) || ' +
            'quantity(string(self.requests[name])).compareTo(quantity(string(self.limits[name]))) <= 0)',
          message: `${path}.requests exceeds ${path}.limits: lower the request or raise the limit`,
          fieldPath: '.requests',
        },
        {
          rule:
            `!has(self.requests) || self.requests.all(name, name.matches('^(${SHARED_RESOURCES})$') || ` +
            '(has(self.limits) && name in self.limits && ' +
            '(!isQuantity(string(self.requests[name])) || !isQuantity(string(self.limits[name])) || ' +
            'quantity(string(self.requests[name])).compareTo(quantity(string(self.limits[name]))) == 0)))',
          message:
            `${path}.requests asks for huge pages or a device without the same amount in ${path}.limits: write it ` +
            'there as well, since these cannot be shared',
          fieldPath: '.requests',
        },
        {
          rule:
            "!has(self.limits) || !self.limits.exists(name, name.startsWith('hugepages-')) || " +
            "'cpu' in self.limits || 'memory' in self.limits || " +
            "(has(self.requests) && ('cpu' in self.requests || 'memory' in self.requests))",
          message: `${path}.limits has huge pages but neither cpu nor memory, which must go with them: add one`,
          fieldPath: '.limits',
        },
      ),
    });
}
