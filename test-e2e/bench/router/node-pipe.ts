/** A bare pipe of Node.js: what passing bytes on costs there, beside HAProxy, which does so without it. */
import { join } from 'node:path';
import { type ChildProgram, startChildProgram } from '../../cluster/control-plane/child-program.ts';
import { childrenOf } from '../../cluster/machine/child-processes.ts';
import { checkoutFolder } from '../../cluster/machine/folders.ts';
import type { PipePort } from './pipe-main.ts';
import { untilListening } from './until-listening.ts';

/** A running pipe. */
export interface NodePipe {
  /** All of its processes. */
  pids(): Promise<number[]>;
  stop(): Promise<void>;
}

/** Starts it and resolves when it listens. */
export async function startNodePipe(folder: string, ports: readonly PipePort[]): Promise<NodePipe> {
  const program = join(checkoutFolder, 'test-e2e/bench/router/pipe-main.ts');
  const child: ChildProgram = startChildProgram(
    process.execPath,
    [program, JSON.stringify(ports)],
    join(folder, 'pipe.log'),
  );
  for (const { port } of ports) {
    await untilListening('the pipe', port, child);
  }
  return {
    pids: async () => [child.pid, ...(await childrenOf(child.pid))],
    stop: () => child.stop(),
  };
}
