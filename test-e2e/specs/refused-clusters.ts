/** ShardedClusters refused for what they are: name, size, engine, storage, resources. */
import { type RefusedSpec, withTwoShards } from './refused-spec.ts';

const names: RefusedSpec[] = [
  {
    attempt: 'a name too long for the names of its pods',
    name: 'a'.repeat(41),
    spec: { shards: 2 },
    field: 'metadata.name',
    remedy: 'choose a shorter name',
  },
  {
    attempt: 'a name that no Service can have',
    name: '1st-shop',
    spec: { shards: 2 },
    field: 'metadata.name',
    remedy: 'start with a lower-case letter',
  },
  {
    attempt: 'a name with a dot',
    name: 'shop.eu',
    spec: { shards: 2 },
    field: 'metadata.name',
    remedy: 'lower-case letters, digits and -',
  },
  {
    attempt: 'the name of a shard of another cluster',
    name: 'shop-shard-1',
    spec: { shards: 2 },
    field: 'metadata.name',
    remedy: 'choose another name',
  },
  {
    attempt: 'the name of the routers of another cluster',
    name: 'shop-router',
    spec: { shards: 2 },
    field: 'metadata.name',
    remedy: 'choose another name',
  },
];

const sizes: RefusedSpec[] = [
  { attempt: 'no number of shards', spec: {}, field: 'spec.shards', remedy: 'Required value' },
  {
    attempt: 'no shards',
    spec: { shards: 0 },
    field: 'spec.shards',
    remedy: 'greater than or equal to 1',
  },
  {
    attempt: 'more shards than a status can describe',
    spec: { shards: 257 },
    field: 'spec.shards',
    remedy: 'less than or equal to 256',
  },
  { attempt: 'half a shard', spec: { shards: 2.5 }, field: 'spec.shards', remedy: 'integer' },
  {
    attempt: 'a shard without an instance',
    spec: withTwoShards({ instances: 0 }),
    field: 'spec.instances',
    remedy: 'greater than or equal to 1',
  },
  {
    attempt: 'ten instances',
    spec: withTwoShards({ instances: 10 }),
    field: 'spec.instances',
    remedy: 'less than or equal to 9',
  },
];

const engine: RefusedSpec[] = [
  {
    attempt: 'another database',
    spec: withTwoShards({ engine: { type: 'PostgreSQL' } }),
    field: 'spec.engine.type',
    remedy: 'supported values: "MariaDB"',
  },
  {
    attempt: 'a release without long-term support',
    spec: withTwoShards({ engine: { version: '11.2' } }),
    field: 'spec.engine.version',
    remedy: 'supported values: "10.11", "11.4", "11.8"',
  },
  {
    attempt: 'a version that YAML reads as a number',
    spec: withTwoShards({ engine: { version: 11.8 } }),
    field: 'spec.engine.version',
    remedy: 'string',
  },
  {
    attempt: 'an image with a blank',
    spec: withTwoShards({ engine: { image: 'mariadb 11.8' } }),
    field: 'spec.engine.image',
    remedy: 'registry/name:tag',
  },
  ...['mariadb:', 'Mariadb/Server:11.8', 'mariadb@sha256:abc', '/mariadb:11.8', 'example.com:/mariadb'].map(
    (image): RefusedSpec => ({
      attempt: `the image ${image}`,
      spec: withTwoShards({ engine: { image } }),
      field: 'spec.engine.image',
      remedy: 'the name in lower case',
    }),
  ),
];

const storage: RefusedSpec[] = [
  {
    attempt: 'a volume too small',
    spec: withTwoShards({ storage: { size: '500Mi' } }),
    field: 'spec.storage.size',
    remedy: 'ask for 1Gi or more',
  },
  {
    attempt: 'a size that is no quantity',
    spec: withTwoShards({ storage: { size: '10 GB' } }),
    field: 'spec.storage.size',
    remedy: 'such as 10Gi',
  },
  {
    attempt: 'a volume larger than anything',
    spec: withTwoShards({ storage: { size: '1.5e30' } }),
    field: 'spec.storage.size',
    remedy: 'ask for 1Pi or less',
  },
  {
    attempt: 'a storage class with two dots',
    spec: withTwoShards({ storage: { storageClassName: 'fast..com' } }),
    field: 'spec.storage.storageClassName',
    remedy: 'use lower-case letters',
  },
  {
    attempt: 'a storage class in capitals',
    spec: withTwoShards({ storage: { storageClassName: 'Fast' } }),
    field: 'spec.storage.storageClassName',
    remedy: 'use lower-case letters',
  },
];

const resources: RefusedSpec[] = [
  {
    attempt: 'a request above its limit',
    spec: withTwoShards({ resources: { requests: { memory: '2Gi' }, limits: { memory: '1Gi' } } }),
    field: 'spec.resources.requests',
    remedy: 'lower the request or raise the limit',
  },
  {
    attempt: 'an amount that is no quantity',
    spec: withTwoShards({ resources: { requests: { cpu: 'two' } } }),
    field: 'spec.resources.requests[cpu]',
    remedy: 'such as 500m',
  },
  {
    attempt: 'less than nothing',
    spec: withTwoShards({ resources: { requests: { cpu: '-1' } } }),
    field: 'spec.resources.requests[cpu]',
    remedy: 'below 0 or above 1Pi',
  },
  {
    attempt: 'less than nothing, as a number',
    spec: withTwoShards({ resources: { limits: { cpu: -1 } } }),
    field: 'spec.resources.limits[cpu]',
    remedy: 'below 0 or above 1Pi',
  },
  {
    attempt: 'more than there is',
    spec: withTwoShards({ resources: { requests: { 'ephemeral-storage': '2e30' } } }),
    field: 'spec.resources.requests[ephemeral-storage]',
    remedy: 'below 0 or above 1Pi',
  },
  {
    attempt: 'a resource that cannot exist',
    spec: withTwoShards({ resources: { requests: { 'gpu!!': 1 } } }),
    field: 'spec.resources.requests',
    remedy: 'has a key that is no resource',
  },
  {
    attempt: 'a resource without its domain',
    spec: withTwoShards({ resources: { limits: { gpu: 1 } } }),
    field: 'spec.resources.limits',
    remedy: 'has a key that is no resource',
  },
  {
    attempt: 'a byte of memory',
    spec: withTwoShards({ resources: { requests: { memory: '1' } } }),
    field: 'spec.resources.requests',
    remedy: 'write 128Mi or more, with its unit',
  },
  {
    attempt: 'a limit of memory no server starts with',
    spec: withTwoShards({ resources: { limits: { memory: '64M' } } }),
    field: 'spec.resources.limits',
    remedy: 'write 128Mi or more, with its unit',
  },
  {
    attempt: 'huge pages without a limit',
    spec: withTwoShards({ resources: { requests: { cpu: 1, 'hugepages-2Mi': '1Gi' } } }),
    field: 'spec.resources.requests',
    remedy: 'without the same amount',
  },
  {
    attempt: 'huge pages, less than their limit',
    spec: withTwoShards({
      resources: { requests: { cpu: 1, 'hugepages-2Mi': '1Gi' }, limits: { 'hugepages-2Mi': '2Gi' } },
    }),
    field: 'spec.resources.requests',
    remedy: 'without the same amount',
  },
  {
    attempt: 'huge pages alone',
    spec: withTwoShards({ resources: { limits: { 'hugepages-2Mi': '1Gi' } } }),
    field: 'spec.resources.limits',
    remedy: 'add one',
  },
  {
    attempt: 'a router request above its limit',
    spec: withTwoShards({ router: { resources: { requests: { cpu: 2 }, limits: { cpu: '500m' } } } }),
    field: 'spec.router.resources.requests',
    remedy: 'lower the request or raise the limit',
  },
];

/** ShardedClusters refused for their name, size, engine or resources. */
export const REFUSED_CLUSTERS: readonly RefusedSpec[] = [
  ...names,
  ...sizes,
  ...engine,
  ...storage,
  ...resources,
];
