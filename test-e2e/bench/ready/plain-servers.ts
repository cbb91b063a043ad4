/** What Kubernetes and MariaDB take by themselves: as many servers, from the same image, none of them replicated. */
import { MARIADB_VERSION } from '../cluster-stage.ts';

const IMAGE = `docker.io/library/mariadb:${MARIADB_VERSION}`;
const FOLDER = '/var/lib/plain';

const START = `set -e
mariadb-install-db --no-defaults --datadir=${FOLDER}/data --skip-test-db --skip-name-resolve --force >/dev/null
exec mariadbd --no-defaults --datadir=${FOLDER}/data --socket=${FOLDER}/socket --skip-networking --log-bin`;

/** A StatefulSet of three servers, for the Pod Security level `restricted`. */
export function plainServers(name: string): object {
  const labels = { 'bench.example/plain': name };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, labels },
    spec: {
      serviceName: name,
      replicas: 3,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: labels },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 0,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 999,
            runAsGroup: 999,
            fsGroup: 999,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'mariadb',
              image: IMAGE,
              imagePullPolicy: 'IfNotPresent',
              command: ['bash', '-c', START],
              resources: { requests: { cpu: '10m', memory: '128Mi' } },
              readinessProbe: {
                exec: { command: ['mariadb-admin', '--no-defaults', `--socket=${FOLDER}/socket`, 'ping'] },
                periodSeconds: 1,
              },
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              volumeMounts: [
                { name: 'data', mountPath: FOLDER },
                { name: 'tmp', mountPath: '/tmp' },
              ],
            },
          ],
          volumes: [{ name: 'tmp', emptyDir: {} }],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  };
}
