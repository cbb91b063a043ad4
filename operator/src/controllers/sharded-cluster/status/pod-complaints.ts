import type { V1Pod } from '@kubernetes/client-node';
import type { ShardStatus } from '../../../api/v1alpha1/index.ts';

/** What a complaint may take of a condition's message. */
const COMPLAINT_CHARACTERS = 300;

/** Why members that are not healthy are not, in sentences, by pod, as far as Kubernetes tells. */
export function podComplaints(shards: readonly ShardStatus[], pods: readonly V1Pod[]): Map<string, string> {
  const byName = new Map(pods.map((pod) => [pod.metadata?.name ?? '', pod]));
  const complaints = new Map<string, string>();
  for (const { name, instances = [] } of shards) {
    for (const { pod, healthy } of instances) {
      const found = byName.get(pod);
      const complaint = found === undefined ? absence(name) : complaintOf(found);
      if (!healthy && complaint !== undefined) {
        complaints.set(pod, sentence(complaint));
      }
    }
  }
  return complaints;
}

function absence(statefulSet: string): string {
  return `The pod does not exist; kubectl describe statefulset ${statefulSet} tells why if it stays so.`;
}

/** It cannot be scheduled, or a container waits for something that will not pass by itself in a moment. */
function complaintOf({ status }: V1Pod): string | undefined {
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False') {
    return scheduled.message ?? scheduled.reason;
  }
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  for (const { name, state } of containers) {
    const { reason, message } = state?.waiting ?? {};
    if (reason !== undefined && reason !== 'PodInitializing' && reason !== 'ContainerCreating') {
      return `Container ${name} waits: ${reason}${message === undefined ? '' : `, ${message}`}`;
    }
  }
  return undefined;
}

function sentence(text: string): string {
  return text.length < COMPLAINT_CHARACTERS
    ? text.replace(/\.?$/, '.')
    : `${text.slice(0, COMPLAINT_CHARACTERS)} and so on.`;
}
