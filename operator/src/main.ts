#!/usr/bin/env node
import { runPlaceholderCommand } from './commands/placeholder.ts';
import { runProgram } from './commands/program.ts';

const exitCode = await runProgram(process.argv.slice(2), {
  operator: async (config) => (await import('./commands/operator.ts')).runOperatorCommand(config),
  placeholder: runPlaceholderCommand,
});

// Explicit, since an idle connection or a timer of a library would keep the process alive.
process.exit(exitCode);
