/** Agents as processes that can be held still, and the operator's streams to them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MemberProcesses } from '../../agent/member-processes.ts';
import { createAgentClient } from '../../../operator/src/supervisor/agent-client/agent-client.ts';
import { systemClock } from '../../../operator/src/runtime/clock.ts';

/**
 * SIGSTOP or SIGCONT to the agents of `members`. A stopped one uses no processor and says nothing; the servers
 * and their replication go on as without any.
 */
export async function signalAgents(
  members: readonly MemberProcesses[],
  signal: 'SIGSTOP' | 'SIGCONT',
): Promise<void> {
  const pids = await Promise.all(members.map(agentPid));
  pids.forEach((pid) => process.kill(pid, signal));
}

/** Process of a member's agent. */
export async function agentPid({ options }: MemberProcesses): Promise<number> {
  const words = ['agent-process.ts', join(options.folder, 'agent.json')];
  for (const name of await readdir('/proc')) {
    const commandLine = await readFile(join('/proc', name, 'cmdline'), 'utf8').catch(() => '');
    if (words.every((word) => commandLine.includes(word))) {
      return Number(name);
    }
  }
  throw new Error(`no agent runs in ${options.folder}`);
}

/** Listens to all agents as the operator does, until the function it returns is called. */
export function listenAsOperator(members: readonly MemberProcesses[]): () => Promise<void> {
  const stop = new AbortController();
  const streams = members.map(({ options }) => {
    const { agent, place, tls } = options;
    const { host, port, serverName } = agent;
    const { namespace, cluster, pod, podUid } = place;
    return createAgentClient({
      target: { namespace, cluster, pod, podUid, host, port, serverName },
      tls: { current: () => tls, onChange: () => () => {} },
      clock: systemClock,
      stallMonitor: { isStalled: () => false },
      random: Math.random,
    }).run(stop.signal);
  });
  return async () => {
    stop.abort(new Error('the run is over'));
    await Promise.all(streams);
  };
}
