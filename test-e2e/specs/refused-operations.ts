/** ShardedClusters refused for how they are to be run: failover, rebalances, users, places. */
import { type Fields, type RefusedSpec, withTwoShards } from './refused-spec.ts';

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
    attempt: 'a fence that would close at the first pause',
    spec: withTwoShards({ failover: { fenceSeconds: 0 } }),
    field: 'spec.failover.fenceSeconds',
    remedy: 'greater than or equal to 1',
  },
  {
    attempt: 'part of a second',
    spec: withTwoShards({ failover: { fenceSeconds: 1.5 } }),
    field: 'spec.failover.fenceSeconds',
    remedy: 'must be of type integer',
  },
  {
    attempt: 'too little patience with replicas that connect again',
    spec: withTwoShards({ failover: { acknowledgementTimeoutSeconds: 4 } }),
    field: 'spec.failover.acknowledgementTimeoutSeconds',
    remedy: 'greater than or equal to 5',
  },
  {
    attempt: 'a lag limit of nothing',
    spec: withTwoShards({ readService: { maxLagSeconds: 0 } }),
    field: 'spec.readService.maxLagSeconds',
    remedy: 'greater than or equal to 1',
  },
  {
    attempt: 'clones too slow to come to an end',
    spec: withTwoShards({ clone: { bytesPerSecond: 1000 } }),
    field: 'spec.clone.bytesPerSecond',
    remedy: 'greater than or equal to 1000000',
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
    attempt: 'a limit of what is approved by itself, where nothing is',
    spec: withTwoShards({ rebalance: { approval: 'Manual', automaticUpToBytes: 1 } }),
    field: 'spec.rebalance.automaticUpToBytes',
    remedy: 'remove it, or use Automatic',
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
    attempt: 'the user of the Secret for applications',
    spec: user({ name: 'App' }),
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
    attempt: 'users of a cluster without a keyspace',
    spec: user({}),
    field: 'spec.users',
    remedy: 'add one to spec.keyspaces',
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
  ...(
    [
      ['no alternatives at all', [], 'nodeSelectorTerms', 'at least 1 items'],
      [
        'more processors than a word',
        [{ matchExpressions: [{ key: 'cores', operator: 'Gt', values: ['many'] }] }],
        'nodeSelectorTerms[0].matchExpressions[0].values',
        'write it as ["15"]',
      ],
      [
        'a field that nodes do not have',
        [{ matchFields: [{ key: 'spec.unschedulable', operator: 'In', values: ['false'] }] }],
        'nodeSelectorTerms[0].matchFields[0]',
        'or use matchExpressions',
      ],
    ] as const
  ).map(([what, nodeSelectorTerms, field, remedy]): RefusedSpec => {
    const required = 'requiredDuringSchedulingIgnoredDuringExecution';
    return {
      attempt: `an affinity to nodes by ${what}`,
      spec: withTwoShards({ affinity: { nodeAffinity: { [required]: { nodeSelectorTerms } } } }),
      field: `spec.affinity.nodeAffinity.${required}.${field}`,
      remedy,
    };
  }),
  {
    attempt: 'a node label that cannot exist',
    spec: withTwoShards({ nodeSelector: { 'bad key!': 'x' } }),
    field: 'spec.nodeSelector',
    remedy: 'write it as disk, or as example.com/disk',
  },
  {
    attempt: 'a node label with a name too long',
    spec: withTwoShards({ nodeSelector: { [`example.com/${'n'.repeat(64)}`]: 'x' } }),
    field: 'spec.nodeSelector',
    remedy: 'write it as disk, or as example.com/disk',
  },
  {
    attempt: 'a value that no label has',
    spec: withTwoShards({ nodeSelector: { disk: 'very fast' } }),
    field: 'spec.nodeSelector.disk',
    remedy: 'should match',
  },
  {
    attempt: 'a spread over pods with a label that cannot exist',
    spec: withTwoShards({
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: { 'a..b/c': 'x' } },
        },
      ],
    }),
    field: 'spec.topologySpreadConstraints[0].labelSelector.matchLabels',
    remedy: 'write it as disk, or as example.com/disk',
  },
  {
    attempt: 'an annotation that cannot exist',
    spec: withTwoShards({ router: { service: { annotations: { 'no key': 'x' } } } }),
    field: 'spec.router.service.annotations',
    remedy: 'example.com/disk',
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

/** ShardedClusters refused for how they are to be run. */
export const REFUSED_OPERATIONS: readonly RefusedSpec[] = [
  ...operation,
  ...rebalance,
  ...users,
  ...scheduling,
];
