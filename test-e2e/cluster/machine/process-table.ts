import { readFileSync } from 'node:fs';

/** A running process. The start time tells it apart from a later process that got the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since the machine started, as in /proc/PID/stat; empty where there is no /proc. */
  readonly startTime: string;
}

/** The process with this id, or undefined when there is none or when it is dead and only not yet reaped. */
export function readProcess(pid: number): ProcessIdentity | undefined {
  if (process.platform !== 'linux') {
    return signalZero(pid) ? { pid, startTime: '' } : undefined;
  }
  let stat: string;
  try {
    stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  return parseProcessStat(pid, stat);
}

/** Parses /proc/PID/stat, or undefined for one that is dead. */
export function parseProcessStat(pid: number, stat: string): ProcessIdentity | undefined {
  const state = parseProcessState(stat);
  const startTime = fieldsAfterName(stat)[19];
  if (startTime === undefined || state === 'Z' || state === 'X') {
    return undefined;
  }
  return { pid, startTime };
}

/** The letter of the state in the stat file of a process or of a thread, as proc(5) has it. */
export function parseProcessState(stat: string): string {
  return fieldsAfterName(stat)[0] ?? '';
}

/** The program's name stands in parentheses and may itself hold spaces and parentheses, so fields are counted from the last one. */
function fieldsAfterName(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Whether this very process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return readProcess(identity.pid)?.startTime === identity.startTime;
}

function signalZero(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
