import { openLog } from '../observability/winston-logger.ts';
import { placeholderSettings, runPlaceholder } from '../placeholder/placeholder.ts';
import { runProcess } from './run-process.ts';

/** Runs the placeholder of a database until SIGTERM; resolves with the exit code of the process. */
export async function runPlaceholderCommand(): Promise<number> {
  const log = openLog({ level: 'info', format: 'json', stream: process.stdout });
  return runProcess(
    async (signal) => runPlaceholder(placeholderSettings(process.env), log.logger, signal),
    log,
  );
}
