/** ShardedClusters that the API server must take as they are. */
import type { ShardedClusterSpecInput } from '../../operator/src/api/v1alpha1/index.ts';

/** Everything a spec can say, each field once at least. */
export const FULL_SPEC: ShardedClusterSpecInput = {
  engine: { type: 'MariaDB', version: '11.4', image: 'registry.example.com:5000/mariadb:11.4.5' },
  shards: 4,
  instances: 5,
  keyspaces: [
    {
      name: 'shop',
      slots: 1024,
      strategy: 'ConsistentHash',
      placement: 'Balanced',
      transactions: 'Multi',
      consistency: 'ReadYourWrites',
      defaultKey: 'customer_id',
      tables: [
        { name: 'orders', key: 'customer' },
        { name: 'currencies', type: 'Reference', consistency: 'Eventual' },
        { name: 'settings', type: 'Unsharded' },
        { name: 'order_lines' },
      ],
    },
    {
      name: 'metrics',
      slots: 256,
      strategy: 'Range',
      placement: 'Balanced',
      splitAt: ['2026-01-01', '2026-07-01'],
      split: {
        maxBytes: 10_737_418_240,
        maxRows: 100_000_000,
        maxRowsPerSecond: 20_000,
        minIntervalSeconds: 3600,
      },
      tables: [{ name: 'points', key: 'at' }],
    },
    { name: 'sessions', slots: 64, strategy: 'Hash', placement: 'Modulo', defaultKey: 'id', tables: [] },
  ],
  shardWeights: [{ shard: 0, weight: 2 }],
  storage: { size: '100Gi', storageClassName: 'fast.example.com' },
  resources: { requests: { cpu: 2, memory: '8Gi' }, limits: { memory: '8Gi', 'hugepages-2Mi': '1Gi' } },
  config:
    '[mariadbd]\ninnodb_buffer_pool_size = 4G\nmax_connections = 500\n# server_id is the operator\u2019s\n',
  failover: {
    policy: 'Availability',
    delaySeconds: 10,
    minSecondsBetween: 600,
    fenceSeconds: 3,
    acknowledgementTimeoutSeconds: 30,
  },
  readService: { maxLagSeconds: 2, fallbackToPrimary: false },
  clone: { bytesPerSecond: 50_000_000 },
  router: {
    replicas: 3,
    maxConnections: 2000,
    idleTimeoutSeconds: 600,
    holdSeconds: 30,
    resources: { requests: { cpu: '500m', memory: '256Mi' }, limits: { memory: '512Mi' } },
    service: {
      type: 'LoadBalancer',
      annotations: { 'example.com/internal': 'true' },
      loadBalancerClass: 'example.com/internal',
      loadBalancerSourceRanges: ['10.0.0.0/8', 'fd00::/8'],
    },
  },
  rebalance: {
    approval: 'Automatic',
    automaticUpToBytes: 10_000_000_000,
    bytesPerSecond: 50_000_000,
    rowsPerSecond: 100_000,
    batchRows: 500,
    maxParallelMoves: 4,
    maxReplicaLagSeconds: 10,
    maxRunningThreads: 100,
    windows: [
      {
        days: ['Saturday', 'Sunday'],
        start: '22:00',
        end: '04:30',
        timeZone: 'America/Argentina/Buenos_Aires',
      },
      { start: '01:00', end: '03:00', timeZone: 'UTC' },
    ],
    soakSeconds: 3600,
    paused: true,
  },
  users: [
    {
      name: 'web',
      passwordSecretKeyRef: { name: 'web-password', key: 'password' },
      access: 'Owner',
      keyspaces: ['shop', 'sessions'],
      maxConnections: 200,
      transactions: 'Single',
      consistency: 'Strong',
    },
    {
      name: 'Report.Reader',
      passwordSecretKeyRef: { name: 'reports', key: 'PASS_WORD' },
      access: 'ReadOnly',
      maxConnections: 0,
    },
  ],
  tls: { required: true, serverCertificateSecretRef: { name: 'shop-tls' } },
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          {
            matchExpressions: [
              { key: 'example.com/disk', operator: 'In', values: ['nvme'] },
              { key: 'spot', operator: 'DoesNotExist' },
            ],
            matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['old-node'] }],
          },
        ],
      },
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 10, preference: { matchExpressions: [{ key: 'cores', operator: 'Gt', values: ['15'] }] } },
      ],
    },
    podAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 5,
          podAffinityTerm: {
            topologyKey: 'topology.kubernetes.io/zone',
            labelSelector: { matchLabels: { app: 'web' } },
            namespaces: ['web'],
          },
        },
      ],
    },
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        {
          topologyKey: 'kubernetes.io/hostname',
          labelSelector: { matchExpressions: [{ key: 'noisy', operator: 'Exists' }] },
          namespaceSelector: {},
          matchLabelKeys: ['pod-template-hash'],
          mismatchLabelKeys: ['tenant'],
        },
      ],
    },
  },
  podAntiAffinity: 'Required',
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'topology.kubernetes.io/zone',
      whenUnsatisfiable: 'DoNotSchedule',
      minDomains: 3,
      labelSelector: { matchLabels: { 'shardwright.io/cluster': 'shop' } },
      nodeAffinityPolicy: 'Honor',
      nodeTaintsPolicy: 'Ignore',
      matchLabelKeys: ['controller-revision-hash'],
    },
  ],
  tolerations: [
    { key: 'dedicated', operator: 'Equal', value: 'database', effect: 'NoSchedule' },
    { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 },
    { operator: 'Exists', effect: 'PreferNoSchedule' },
  ],
  nodeSelector: { 'example.com/pool': 'databases' },
  priorityClassName: 'system-cluster-critical',
  imagePullSecrets: [{ name: 'registry' }],
  suspend: true,
  hibernated: true,
  deletionPolicy: 'Delete',
};

/** A spec the API server must take, and what the user wants with it. */
export interface AcceptedSpec {
  readonly purpose: string;
  readonly spec: ShardedClusterSpecInput;
}

export const ACCEPTED_CLUSTERS: readonly AcceptedSpec[] = [
  { purpose: 'nothing but a number of shards', spec: { shards: 2 } },
  { purpose: 'everything', spec: FULL_SPEC },
  { purpose: 'one server', spec: { shards: 1, instances: 1, failover: { policy: 'NoDataLoss' } } },
  { purpose: 'the largest', spec: { shards: 256, instances: 9 } },
  { purpose: 'the smallest volume', spec: { shards: 1, storage: { size: '1Gi' } } },
  { purpose: 'the oldest version', spec: { shards: 1, engine: { version: '10.11' } } },
  {
    purpose: 'an image by digest',
    spec: { shards: 1, engine: { image: `mariadb@sha256:${'0'.repeat(64)}` } },
  },
  {
    purpose: 'limits without requests',
    spec: { shards: 1, resources: { limits: { memory: '256Mi', cpu: 1 } } },
  },
  {
    purpose: 'a device and huge pages',
    spec: {
      shards: 1,
      resources: {
        requests: { cpu: 1, 'example.com/disk': 1, 'hugepages-2Mi': '1Gi' },
        limits: { 'example.com/disk': '1', 'hugepages-2Mi': '1024Mi', 'ephemeral-storage': '1Gi' },
      },
    },
  },
  { purpose: 'no resources set aside', spec: { shards: 1, resources: {} } },
  {
    purpose: 'the longest keyspace name',
    spec: { shards: 1, keyspaces: [{ name: 'k'.repeat(57), slots: 16_384 }] },
  },
  {
    purpose: 'a keyspace that only looks reserved',
    spec: { shards: 1, keyspaces: [{ name: 'mysql_import' }, { name: 'system' }, { name: 'apps42' }] },
  },
  {
    purpose: 'settings whose names begin like owned ones',
    spec: {
      shards: 1,
      config: [
        'port_open_timeout = 3',
        'sync_relay_log = 1',
        '; ssl = 0',
        'sql_mode = "STRICT_TRANS_TABLES"',
        'loose_innodb_doublewrite_pages = 1',
        'userstat = ON',
        'auto_increment_increment = 2',
        'transaction-isolation = READ-COMMITTED',
        '\t# größer – “δ” 漢字 😀\r',
        'init_connect = "SET @server_id = 1"',
        '#read_only',
        '[client]',
        'default-character-set = utf8mb4',
      ].join('\n'),
    },
  },
  {
    purpose: 'a keyspace cut by numbers, one by texts, and one by both kinds as texts',
    spec: {
      shards: 2,
      keyspaces: [
        { name: 'numbers', strategy: 'Range', splitAt: ['-5', '0.5', '900', '1000'] },
        { name: 'words', strategy: 'Range', splitAt: ['a', 'm', 'ö'] },
        { name: 'both', strategy: 'Range', splitAt: ['1000', '900', 'a'] },
      ],
    },
  },
  { purpose: 'routers none', spec: { shards: 1, router: { replicas: 0 } } },
];
