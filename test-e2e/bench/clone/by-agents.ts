import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MemberProcesses } from '../../agent/member-processes.ts';
import { readProcess } from '../../cluster/machine/process-table.ts';
import { waitFor } from '../../cluster/machine/wait.ts';

/** One transfer. */
export interface Transfer {
  readonly bytes: number;
  readonly milliseconds: number;
  /** Pod that gave the copy. */
  readonly source: string;
}

interface LogLine {
  readonly time: string;
  readonly message: string;
  readonly source?: string;
  readonly step?: string;
  readonly bytes?: number;
}

const STEP = { timeoutMilliseconds: 300_000, everyMilliseconds: 250 };

/** Takes a member's server and volume away, before it is cloned by {@link cloneByAgents}. */
export async function emptyMember(member: MemberProcesses): Promise<void> {
  const pid = await member.serverPid();
  await member.stopAgent('SIGKILL');
  await member.restartLauncher();
  await waitFor(
    'the server is gone',
    () => (pid === undefined || readProcess(pid) === undefined ? true : undefined),
    STEP,
  );
  await member.emptyVolume();
}

/**
 * Has an empty member cloned as a new replica is: its agent finds the source by itself. The time is from the
 * source's first answer until everything is unpacked, by the agent's own log.
 */
export async function cloneByAgents(member: MemberProcesses): Promise<Transfer> {
  const before = (await readLog(member)).length;
  member.startAgent();
  return waitFor(
    `${member.pod} is cloned`,
    async () => findTransfer((await readLog(member)).slice(before)),
    STEP,
  );
}

/** The transfer that a log tells of; undefined while it is not complete. */
export function findTransfer(lines: readonly LogLine[]): Transfer | undefined {
  const begun = lines.findLastIndex(({ message }) => message === 'clone begins');
  const first = lines[begun];
  const last = lines
    .slice(begun)
    .find(({ message, step }) => message === 'clone goes on' && step === 'prepare');
  return first === undefined || last === undefined
    ? undefined
    : {
        bytes: last.bytes ?? 0,
        milliseconds: Date.parse(last.time) - Date.parse(first.time),
        source: first.source ?? '',
      };
}

async function readLog({ options }: MemberProcesses): Promise<LogLine[]> {
  const text = await readFile(join(options.folder, 'agent.log'), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as LogLine];
    } catch {
      // A line that is being written, or one of Node.js itself.
      return [];
    }
  });
}
