#!/usr/bin/env node
import { runProgram } from './commands/program.ts';
import { EXIT_CODES } from './commands/run-process.ts';

// Loaded when asked for: the operator's client takes longer to load than an agent takes to start.
const exitCode = await runProgram(process.argv.slice(2), {
  operator: async (config) => (await import('./commands/operator.ts')).runOperatorCommand(config),
  agent: async () => (await import('./commands/agent.ts')).runAgentCommand(),
  router: async (config) => (await import('./commands/router.ts')).runRouterCommand(config),
  runtime: async (target) => (await import('./commands/runtime.ts')).copyRuntime(target),
});

if (exitCode === EXIT_CODES.leadershipLost) {
  // The same process begins anew, with nothing left of the time it led. A container that ends is started again by the
  // kubelet, too, but ever later the more often it has ended, up to five minutes in which nobody may be there to lead.
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)]);
}

// Explicit, since an idle connection or a timer of a library would keep the process alive.
process.exit(exitCode);
