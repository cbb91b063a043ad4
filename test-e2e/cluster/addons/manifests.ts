import { provisionerName, storageClassName } from '../volumes/plan.ts';

/** An object and the API path it is applied at. */
export interface Manifest {
  readonly path: string;
  readonly object: object;
}

/** The default StorageClass: a volume is made on the node that the scheduler picks for the pod. */
export function storageClassManifest(): Manifest {
  return {
    path: `/apis/storage.k8s.io/v1/storageclasses/${storageClassName}`,
    object: {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: {
        name: storageClassName,
        annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
      },
      provisioner: provisionerName,
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
  };
}

/** The cluster's name server. It answers for the cluster alone: pods reach nothing outside. */
export function coreDnsManifests(image: string, address: string, domain: string): Manifest[] {
  const namespace = 'kube-system';
  const name = 'coredns';
  const labels = { 'k8s-app': 'kube-dns' };
  const metadata = { name, namespace, labels };
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const authorization = 'rbac.authorization.k8s.io';
  return [
    {
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`,
      object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    },
    {
      path: `${rbac}/clusterroles/system:coredns`,
      object: {
        apiVersion: `${authorization}/v1`,
        kind: 'ClusterRole',
        metadata: { name: 'system:coredns' },
        rules: [
          { apiGroups: [''], resources: ['services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
          { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
        ],
      },
    },
    {
      path: `${rbac}/clusterrolebindings/system:coredns`,
      object: {
        apiVersion: `${authorization}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: { name: 'system:coredns' },
        roleRef: { apiGroup: authorization, kind: 'ClusterRole', name: 'system:coredns' },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      },
    },
    {
      path: `/api/v1/namespaces/${namespace}/configmaps/${name}`,
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { Corefile: corefile(domain) } },
    },
    {
      path: `/api/v1/namespaces/${namespace}/services/kube-dns`,
      object: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'kube-dns', namespace, labels },
        spec: {
          clusterIP: address,
          selector: labels,
          ports: [
            { name: 'dns', port: 53, protocol: 'UDP' },
            { name: 'dns-tcp', port: 53, protocol: 'TCP' },
          ],
        },
      },
    },
    {
      path: `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
      object: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: coreDnsPod(image, name, labels) },
        },
      },
    },
  ];
}

/** The cache is off for the cluster's own names, so that a changed Service is seen at once. */
function corefile(domain: string): string {
  return `.:53 {
  errors
  health
  ready
  kubernetes ${domain} in-addr.arpa ip6.arpa {
    pods insecure
    fallthrough in-addr.arpa ip6.arpa
    ttl 5
  }
  cache 30 {
    disable success ${domain}
    disable denial ${domain}
  }
  reload
}
`;
}

function coreDnsPod(image: string, serviceAccountName: string, matchLabels: object): object {
  return {
    serviceAccountName,
    priorityClassName: 'system-cluster-critical',
    dnsPolicy: 'Default',
    terminationGracePeriodSeconds: 5,
    tolerations: [
      {
        key: 'node.kubernetes.io/unreachable',
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 30,
      },
      { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 },
    ],
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels },
      },
    ],
    containers: [
      {
        name: 'coredns',
        image,
        imagePullPolicy: 'Never',
        args: ['-conf', '/etc/coredns/Corefile'],
        resources: { requests: { cpu: '20m', memory: '40Mi' } },
        ports: [
          { name: 'dns', containerPort: 53, protocol: 'UDP' },
          { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
        ],
        readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 2 },
        livenessProbe: { httpGet: { path: '/health', port: 8080 }, initialDelaySeconds: 30 },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
        },
        volumeMounts: [{ name: 'configuration', mountPath: '/etc/coredns', readOnly: true }],
      },
    ],
    volumes: [{ name: 'configuration', configMap: { name: 'coredns' } }],
  };
}
