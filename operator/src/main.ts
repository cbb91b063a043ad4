#!/usr/bin/env node
import { runProgram } from './commands/program.ts';

// Loaded when asked for: the operator's client takes longer to load than an agent takes to start.
const exitCode = await runProgram(process.argv.slice(2), {
  operator: async (config) => (await import('./commands/operator.ts')).runOperatorCommand(config),
  agent: async () => (await import('./commands/agent.ts')).runAgentCommand(),
  router: async (config) => (await import('./commands/router.ts')).runRouterCommand(config),
  runtime: async (target) => (await import('./commands/runtime.ts')).copyRuntime(target),
});

// Explicit, since an idle connection or a timer of a library would keep the process alive.
process.exit(exitCode);
