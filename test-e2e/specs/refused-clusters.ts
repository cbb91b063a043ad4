/** ShardedClusters that the API server refuses to create. */
import { type Fields, type RefusedSpec, withTwoShards } from './refused-spec.ts';

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
    attempt: 'a router request above its limit',
    spec: withTwoShards({ router: { resources: { requests: { cpu: 2 }, limits: { cpu: '500m' } } } }),
    field: 'spec.router.resources.requests',
    remedy: 'lower the request or raise the limit',
  },
];

const operation: RefusedSpec[] = [
  {
    attempt: 'an unknown failover policy',
    spec: withTwoShards({ failover: { policy: 'Always' } }),
    field: 'spec.failover.policy',
    remedy: 'supported values: "NoDataLoss", "Availability"',
  },
  {
    attempt: 'a negative delay',
    spec: withTwoShards({ failover: { delaySeconds: -1 } }),
    field: 'spec.failover.delaySeconds',
    remedy: 'greater than or equal to 0',
  },
  {
    attempt: 'a lag limit of nothing',
    spec: withTwoShards({ readService: { maxLagSeconds: 0 } }),
    field: 'spec.readService.maxLagSeconds',
    remedy: 'greater than or equal to 1',
  },
  {
    attempt: 'an unknown deletion policy',
    spec: withTwoShards({ deletionPolicy: 'Snapshot' }),
    field: 'spec.deletionPolicy',
    remedy: 'supported values: "Retain", "Delete"',
  },
  {
    attempt: 'load-balancer settings on another type of Service',
    spec: withTwoShards({ router: { service: { loadBalancerClass: 'internal' } } }),
    field: 'spec.router.service.type',
    remedy: 'set type: LoadBalancer, or remove them',
  },
  {
    attempt: 'an address instead of a network',
    spec: withTwoShards({
      router: { service: { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.1'] } },
    }),
    field: 'spec.router.service.loadBalancerSourceRanges[0]',
    remedy: 'as 10.0.0.0/8',
  },
];

const inWindow = (window: Fields): Fields => withTwoShards({ rebalance: { windows: [window] } });

const rebalance: RefusedSpec[] = [
  {
    attempt: 'a rate of nothing',
    spec: withTwoShards({ rebalance: { bytesPerSecond: 0 } }),
    field: 'spec.rebalance.bytesPerSecond',
    remedy: 'greater than or equal to 1',
  },
  {
    attempt: 'an unknown way of approval',
    spec: withTwoShards({ rebalance: { approval: 'Yes' } }),
    field: 'spec.rebalance.approval',
    remedy: 'supported values: "Automatic", "Manual"',
  },
  {
    attempt: 'a time of day that does not exist',
    spec: inWindow({ start: '24:00', end: '02:00' }),
    field: 'spec.rebalance.windows[0].start',
    remedy: 'write hours and minutes as 22:30',
  },
  {
    attempt: 'an empty window',
    spec: inWindow({ start: '02:00', end: '02:00' }),
    field: 'spec.rebalance.windows[0].end',
    remedy: 'write a later end',
  },
  {
    attempt: 'a time zone that does not exist',
    spec: inWindow({ start: '22:00', end: '02:00', timeZone: 'Europe/Bielefeld' }),
    field: 'spec.rebalance.windows[0].timeZone',
    remedy: 'write it as Europe/Berlin, or UTC',
  },
  {
    attempt: 'an unknown day',
    spec: inWindow({ start: '22:00', end: '02:00', days: ['Caturday'] }),
    field: 'spec.rebalance.windows[0].days[0]',
    remedy: 'supported values: "Monday"',
  },
];

const user = (fields: Fields): Fields =>
  withTwoShards({ users: [{ name: 'web', passwordSecretKeyRef: { name: 'web' }, ...fields }] });

const users: RefusedSpec[] = [
  {
    attempt: 'a reserved user',
    spec: user({ name: 'root' }),
    field: 'spec.users[0].name',
    remedy: 'choose another name',
  },
  {
    attempt: 'a user of the operator',
    spec: user({ name: 'Shardwright_agent' }),
    field: 'spec.users[0].name',
    remedy: 'choose another name',
  },
  {
    attempt: 'a user without a password',
    spec: withTwoShards({ users: [{ name: 'web' }] }),
    field: 'spec.users[0].passwordSecretKeyRef',
    remedy: 'Required value',
  },
  {
    attempt: 'access to a keyspace that does not exist',
    spec: user({ keyspaces: ['app'] }),
    field: 'spec.users',
    remedy: 'correct the name, or add it',
  },
  {
    attempt: 'two users of one name',
    spec: withTwoShards({
      users: [
        { name: 'web', passwordSecretKeyRef: { name: 'a' } },
        { name: 'web', passwordSecretKeyRef: { name: 'b' } },
      ],
    }),
    field: 'spec.users[1]',
    remedy: 'Duplicate value',
  },
  {
    attempt: 'a Secret name that cannot exist',
    spec: user({ passwordSecretKeyRef: { name: 'My_Secret' } }),
    field: 'spec.users[0].passwordSecretKeyRef.name',
    remedy: 'use lower-case letters',
  },
];

const scheduling: RefusedSpec[] = [
  {
    attempt: 'a toleration for nothing',
    spec: withTwoShards({ tolerations: [{ effect: 'NoSchedule' }] }),
    field: 'spec.tolerations[0].key',
    remedy: 'name the taint, or set operator: Exists',
  },
  {
    attempt: 'a toleration in seconds for the wrong effect',
    spec: withTwoShards({ tolerations: [{ key: 'spot', effect: 'NoSchedule', tolerationSeconds: 5 }] }),
    field: 'spec.tolerations[0].tolerationSeconds',
    remedy: 'effect: NoExecute only',
  },
  {
    attempt: 'an unknown way of spreading',
    spec: withTwoShards({
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'Maybe' }],
    }),
    field: 'spec.topologySpreadConstraints[0].whenUnsatisfiable',
    remedy: 'supported values: "DoNotSchedule", "ScheduleAnyway"',
  },
  {
    attempt: 'a node selector without values',
    spec: withTwoShards({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In' }] }],
          },
        },
      },
    }),
    field:
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values',
    remedy: 'add values, or use Exists',
  },
  {
    attempt: 'an anti-affinity that is neither',
    spec: withTwoShards({ podAntiAffinity: 'Soft' }),
    field: 'spec.podAntiAffinity',
    remedy: 'supported values: "Preferred", "Required", "Disabled"',
  },
  {
    attempt: 'a priority class that cannot exist',
    spec: withTwoShards({ priorityClassName: 'High Priority' }),
    field: 'spec.priorityClassName',
    remedy: 'use lower-case letters',
  },
];

/** ShardedClusters refused for anything but their keyspaces and server settings. */
export const REFUSED_CLUSTERS: readonly RefusedSpec[] = [
  ...names,
  ...sizes,
  ...engine,
  ...storage,
  ...resources,
  ...operation,
  ...rebalance,
  ...users,
  ...scheduling,
];
