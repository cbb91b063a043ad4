/** `spec.router`: the stateless proxies applications connect to. */
import { z } from 'zod';
import { choice, integer, matching, qualifiedKeys, rules, textSet } from './fields.ts';
import { resourcesSchema } from './resources.ts';

const serviceSchema = z
  .object({
    type: choice(
      ['ClusterIP', 'NodePort', 'LoadBalancer'],
      'Type of the Service `<cluster>`, port 3306. `ClusterIP` is reachable inside the Kubernetes cluster only.',
    ).default('ClusterIP'),
    annotations: z
      .record(z.string(), z.string().max(4096))
      .meta({
        description: 'Annotations to put on the Service, as cloud load balancers ask for. None by default.',
        maxProperties: 32,
        ...rules(qualifiedKeys('spec.router.service.annotations')),
      })
      .exactOptional(),
    loadBalancerClass: matching(
      {
        maxLength: 253,
        pattern: '^[a-zA-Z0-9]([a-zA-Z0-9./_-]*[a-zA-Z0-9])?$',
        message:
          'spec.router.service.loadBalancerClass is not a class name: write it as example.com/internal',
      },
      'Which load-balancer implementation serves a Service of type `LoadBalancer`.',
    ).exactOptional(),
    loadBalancerSourceRanges: textSet(
      64,
      z
        .string()
        .min(1)
        .max(64)
        .meta(
          rules({
            rule: 'isCIDR(self)',
            message:
              'spec.router.service.loadBalancerSourceRanges[] is not a network: write it with its length, as 10.0.0.0/8',
          }),
        ),
      'Networks (CIDR) that may connect through the load balancer. Everyone by default.',
    ).exactOptional(),
  })
  .meta({
    description: 'Service in front of the routers.',
    ...rules({
      rule: "self.type == 'LoadBalancer' || (!has(self.loadBalancerClass) && !has(self.loadBalancerSourceRanges))",
      message:
        'spec.router.service.type is not LoadBalancer, so loadBalancerClass and loadBalancerSourceRanges have no ' +
        'effect: set type: LoadBalancer, or remove them',
      fieldPath: '.type',
    }),
  });

export const routerSchema = z
  .object({
    replicas: integer(0, 64, 'Number of routers. 0 runs none; nor do any run without a keyspace.').default(2),
    maxConnections: integer(
      1,
      100_000,
      'Connections of applications that each router accepts. More are refused with error 1040.',
    ).default(5000),
    idleTimeoutSeconds: integer(
      1,
      2_592_000,
      'A connection of an application that asks for nothing for so long is closed.',
    ).default(28_800),
    holdSeconds: integer(
      0,
      300,
      'Longest that a statement outside a transaction waits while a shard has no primary.',
    ).default(10),
    resources: resourcesSchema('spec.router.resources', '32Mi', 'CPU and memory of each router.').default({
      requests: { cpu: '100m', memory: '128Mi' },
    }),
    service: serviceSchema.prefault({}),
  })
  .meta({ description: 'The stateless proxies applications connect to.' });
