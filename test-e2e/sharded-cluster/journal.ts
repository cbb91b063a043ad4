/**
 * A client of one shard that depends on nothing of ours but the shard itself: a pod that inserts one number after
 * another through the Service of the primary, notes which of them were acknowledged, and asks every member again and
 * again whether it takes writes. It goes on while the API server is down.
 */
import type { Kubectl } from '../install/kubectl.ts';
import { waitFor } from '../cluster/machine/wait.ts';

/** What the client has seen. */
export interface JournalReport {
  /** Numbers whose insertion was acknowledged. */
  readonly acknowledged: readonly number[];
  /** Longest time between two acknowledgements, in milliseconds. */
  readonly longestGapMilliseconds: number;
  /** How often all members were asked. */
  readonly looks: number;
  /** Members that took writes at one and the same time, where more than one did. */
  readonly doublePrimaries: readonly string[];
}

export interface Journal {
  /** Ends the client and tells what it has seen. */
  stop(): Promise<JournalReport>;
}

/** Table that the numbers are in. */
export const JOURNAL_TABLE = 'app.journal';

const WRITE_PAUSE_SECONDS = 0.1;
const LOOK_PAUSE_SECONDS = 0.5;
const BEGIN_MILLISECONDS = 180_000;
const END_MILLISECONDS = 120_000;

/**
 * A member counts as writable in a look when it said so both before and after all others were asked, so that a
 * change of the primary during a look is no double.
 */
const SCRIPT = `
umask 077
printf '[client]\\nuser=%s\\npassword=%s\\nssl-ca=/authority/ca.crt\\nssl-verify-server-cert\\nconnect-timeout=2\\n' \\
  "$(</account/username)" "$(</account/password)" > /tmp/client.cnf
ask() {
  timeout 5 mariadb --defaults-file=/tmp/client.cnf --batch --skip-column-names --host="$1" --execute="$2" 2>/dev/null
}
writable() {
  list=
  for member in $MEMBERS; do
    [ "$(ask "$member" 'SELECT @@global.read_only')" = 0 ] && list="$list $member"
  done
  echo $list
}
look() {
  while [ ! -e /tmp/stop ]; do
    before=$(writable)
    after=$(writable)
    both=
    for member in $before; do
      case " $after " in *" $member "*) both="$both $member";; esac
    done
    echo "look$both"
    sleep ${LOOK_PAUSE_SECONDS}
  done
}
look &
until ask "$PRIMARY" 'CREATE DATABASE IF NOT EXISTS app; CREATE TABLE IF NOT EXISTS ${JOURNAL_TABLE} (n BIGINT PRIMARY KEY)'; do sleep 0.5; done
number=0
while [ ! -e /tmp/stop ]; do
  number=$((number + 1))
  ask "$PRIMARY" "INSERT INTO ${JOURNAL_TABLE} VALUES ($number)" && echo "acknowledged $number \${EPOCHREALTIME/[.,]/}"
  sleep ${WRITE_PAUSE_SECONDS}
done
wait`;

/** Starts the client in a pod of its own in the cluster's namespace; resolves when the first write is acknowledged. */
export async function startJournal(
  kubectl: Kubectl,
  options: {
    readonly namespace: string;
    readonly cluster: string;
    /** Name of the shard. */
    readonly shard: string;
    readonly instances: number;
  },
): Promise<Journal> {
  const { namespace, cluster, shard, instances } = options;
  const pod = `journal-${shard}`;
  const inNamespace = `--namespace=${namespace}`;
  const members = Array.from(
    { length: instances },
    (_, ordinal) => `${shard}-${ordinal}.${shard}.${namespace}.svc`,
  );
  await kubectl.apply(
    JSON.stringify(journalPod(pod, cluster, `${shard}-primary.${namespace}.svc`, members)),
    [inNamespace],
  );
  const log = (): Promise<string> => kubectl.run(['logs', pod, inNamespace]);
  await waitFor(
    `${pod} to have its first write acknowledged`,
    async () => ((await log()).includes('acknowledged') ? true : undefined),
    { timeoutMilliseconds: BEGIN_MILLISECONDS, everyMilliseconds: 500 },
  );
  return {
    async stop() {
      // The API server may have come back only just now, and not reach every node yet.
      await waitFor(
        `${pod} to be told to end`,
        () => kubectl.run(['exec', pod, inNamespace, '--', 'touch', '/tmp/stop']),
        { timeoutMilliseconds: END_MILLISECONDS, everyMilliseconds: 500 },
      );
      const phase = ['get', 'pod', pod, inNamespace, '--output=jsonpath={.status.phase}'];
      await waitFor(
        `the end of ${pod}`,
        async () => ((await kubectl.run(phase)) === 'Succeeded' ? true : undefined),
        { timeoutMilliseconds: END_MILLISECONDS, everyMilliseconds: 300 },
      );
      const report = parseJournal(await log());
      await kubectl.run(['delete', 'pod', pod, inNamespace]);
      return report;
    },
  };
}

/** Reads what the client printed. */
function parseJournal(log: string): JournalReport {
  const lines = log.split('\n').map((line) => line.trim().split(' '));
  const looks = lines.filter(([word]) => word === 'look');
  const writes = lines.filter(([word]) => word === 'acknowledged');
  const times = writes.map(([, , microseconds]) => Number(microseconds) / 1000);
  return {
    acknowledged: writes.map(([, number]) => Number(number)),
    longestGapMilliseconds: Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time))),
    looks: looks.length,
    doublePrimaries: looks.filter((words) => words.length > 2).map((words) => words.slice(1).join(' and ')),
  };
}

function mount(volume: string) {
  return { name: volume, mountPath: `/${volume}`, readOnly: true };
}

function journalPod(name: string, cluster: string, primary: string, members: readonly string[]): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 999,
        fsGroup: 999,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'client',
          image: 'docker.io/library/mariadb:11.8',
          imagePullPolicy: 'IfNotPresent',
          command: ['bash', '-c', SCRIPT],
          env: [
            { name: 'PRIMARY', value: primary },
            { name: 'MEMBERS', value: members.join(' ') },
          ],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          volumeMounts: [mount('account'), mount('authority'), { name: 'tmp', mountPath: '/tmp' }],
        },
      ],
      volumes: [
        { name: 'account', secret: { secretName: `${cluster}-app` } },
        { name: 'authority', configMap: { name: `${cluster}-ca` } },
        { name: 'tmp', emptyDir: {} },
      ],
    },
  };
}
