/** Programs within a database pod, seen and ended from within: its containers share their processes. */
import type { Kubectl } from '../install/kubectl.ts';

/** Programs by what their command lines look like to bash's `case`. */
const PATTERNS = {
  agent: '*/node *shardwright.mjs agent*',
  server: '*mariadbd --defaults-file=*',
  /** Unpacks a clone as it comes. */
  unpacking: '*mbstream -x *',
  /** Prepares a clone that has come. */
  preparing: '*mariadb-backup *--prepare*',
  /** Gives a clone away. */
  copying: '*mariadb-backup *--backup*',
} as const;

export type PodProgram = keyof typeof PATTERNS;

/** Where a pod is. */
export interface PodPlace {
  readonly kubectl: Kubectl;
  readonly namespace: string;
}

/** Sets `found` to the processes that match; reads /proc itself, as the image need not have `pgrep`. */
const FIND = `
find_processes() {
  found=
  for file in /proc/[0-9]*/cmdline; do
    { mapfile -d '' -t words < "$file"; } 2>/dev/null || continue
    number=\${file#/proc/}; number=\${number%/cmdline}
    [ "$number" = $$ ] && continue
    case "\${words[*]}" in $1) found="$found $number";; esac
  done
  [ -n "$found" ]
}`;

/** Runs a script of bash in the container of the database, whose main process outlives server and agent. */
export function runInPod({ kubectl, namespace }: PodPlace, pod: string, script: string): Promise<string> {
  const place = ['exec', '--stdin', pod, `--namespace=${namespace}`, '--container=mariadb'];
  return kubectl.run([...place, '--', 'bash', '-s'], { input: `${FIND}\n${script}\n` });
}

/** Ids of the processes, as the pod counts them. */
export async function findProcesses(place: PodPlace, pod: string, program: PodProgram): Promise<number[]> {
  const output = await runInPod(place, pod, `find_processes '${PATTERNS[program]}'; echo $found`);
  return output.split(/\s+/).filter(Boolean).map(Number);
}

/** Sends a signal to a program, which must run. */
export async function signalProgram(
  place: PodPlace,
  pod: string,
  program: PodProgram,
  signal: 'KILL' | 'STOP' | 'CONT' = 'KILL',
): Promise<void> {
  await runInPod(place, pod, `find_processes '${PATTERNS[program]}' && kill -${signal} $found`);
}

/** A moment in the making of a clone. */
export type ClonePhase = 'transfer' | 'prepare' | 'finish';

const DATA = '/var/lib/shardwright/volume/data';
const CLONING = '/var/lib/shardwright/volume/cloning';

const REACHED: Readonly<Record<ClonePhase, string>> = {
  // Some of it has come, and it goes on.
  transfer: `until find_processes '${PATTERNS.unpacking}' && [ -e ${CLONING}/ibdata1 ]; do sleep 0.05; done`,
  prepare: `until find_processes '${PATTERNS.preparing}'; do sleep 0.01; done`,
  finish: `until find_processes '${PATTERNS.preparing}'; do sleep 0.01; done
    while find_processes '${PATTERNS.preparing}'; do :; done`,
};

/**
 * Kills the agent of a pod that is being cloned once the clone is in that phase. Resolves with whether it was not
 * complete yet: the last phase is short.
 */
export async function killReceiverIn(place: PodPlace, pod: string, phase: ClonePhase): Promise<boolean> {
  const kill = `find_processes '${PATTERNS.agent}'; agent=$found`;
  const output = await runInPod(
    place,
    pod,
    `${kill}\n${REACHED[phase]}\nkill -KILL $agent\n[ -e ${DATA} ] && echo complete || echo interrupted`,
  );
  return output.trim() === 'interrupted';
}
