/** Wall clocks of pods that have their own (`image/own-clock-image.ts`). */
import { writeFile } from 'node:fs/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { AGENT_PORTS } from '../../../operator/src/agent/pod-contract.ts';
import { CLOCK_FILE } from '../../image/own-clock-image.ts';
import { onMember } from './member-session.ts';
import { findPodProcesses } from './pod-processes.ts';
import type { Stage } from './stage.ts';
import type { PodPlace } from './topology.ts';

const PAGE_MILLISECONDS = 2000;

/** Puts the wall clocks of the pod's programs, those that start later included, off by so many seconds; within a second. */
export async function shiftClocks({ uid, name }: PodPlace, seconds: number): Promise<void> {
  const [launcher] = findPodProcesses(uid, 'launcher');
  if (launcher === undefined) {
    throw new Error(`${name} runs no launcher`);
  }
  // All containers of the pod have the folder in common.
  await writeFile(`/proc/${launcher}/root${CLOCK_FILE}`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
}

/** How many seconds the wall clock of the pod's server is ahead of this machine's. */
export async function readServerClock(stage: Stage, pod: PodPlace): Promise<number> {
  const sql = 'SELECT UNIX_TIMESTAMP(NOW(6)) AS seconds';
  const rows = await onMember(stage, pod, (session) => session.query<RowDataPacket[]>(sql));
  return Number(rows[0]?.['seconds']) - Date.now() / 1000;
}

/** The metrics of the pod's agent, and how many seconds its wall clock is ahead of this machine's, by the date it answers with. */
export async function readAgentPage({ address }: PodPlace): Promise<{
  readonly clock: number;
  readonly page: string;
}> {
  const response = await fetch(`http://${address}:${AGENT_PORTS.metrics.port}/metrics`, {
    signal: AbortSignal.timeout(PAGE_MILLISECONDS),
  });
  const date = Date.parse(response.headers.get('date') ?? '');
  return { clock: (date - Date.now()) / 1000, page: await response.text() };
}

/** A value on a page of metrics; undefined where it is not there. */
export function findMetric(page: string, name: string): number | undefined {
  const [, value] = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(page) ?? [];
  return value === undefined ? undefined : Number(value);
}
