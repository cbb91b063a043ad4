/**
 * The main process of the database container: `launcher --socket PATH --grace-seconds N`. Small on purpose: it
 * must be up within milliseconds, and it must have no reason to die while its server lives.
 */
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { type ControlSocket, openControlSocket } from './control-socket.ts';
import { createLauncher } from './launcher.ts';
import { createLauncherLog, type LauncherLog } from './log.ts';
import { killOrphans, launcherIdentity } from './orphan.ts';
import { spawnServer } from './server-process.ts';

const EXIT_UNUSABLE_CONFIGURATION = 2;

/** Ends a process whose last connection will not close. */
const EXIT_DEADLINE_MILLISECONDS = 500;

interface LauncherSettings {
  readonly socketPath: string;
  readonly graceMilliseconds: number;
}

/** Reads the command line. Throws where it cannot be used. */
function parseSettings(commandLine: readonly string[]): LauncherSettings {
  const { values } = parseArgs({
    args: [...commandLine],
    options: { socket: { type: 'string' }, 'grace-seconds': { type: 'string' } },
  });
  const graceSeconds = Number(values['grace-seconds'] ?? NaN);
  if (values.socket === undefined || !(graceSeconds >= 0 && graceSeconds <= 86_400)) {
    throw new TypeError('usage: launcher --socket PATH --grace-seconds 0..86400');
  }
  return { socketPath: values.socket, graceMilliseconds: graceSeconds * 1000 };
}

async function runLauncher(settings: LauncherSettings, log: LauncherLog): Promise<void> {
  const identity = launcherIdentity(dirname(settings.socketPath));
  let controlSocket: ControlSocket | null = null;
  const launcher = createLauncher({
    spawn: (request, onExit) => spawnServer(request, identity, onExit),
    notify: (message) => controlSocket?.notify(message),
    onFinished() {
      controlSocket?.close();
      process.exitCode = 0;
      setTimeout(() => process.exit(), EXIT_DEADLINE_MILLISECONDS).unref();
    },
    graceMilliseconds: settings.graceMilliseconds,
    log,
  });
  // A signal before the socket is open finds no server; the process then ends here and now.
  const terminate = (): void => (controlSocket === null ? process.exit(0) : launcher.terminate());
  process.on('SIGTERM', terminate);
  process.on('SIGINT', terminate);
  process.on('SIGHUP', () => {});
  await killOrphans(identity, log);
  controlSocket = await openControlSocket({
    path: settings.socketPath,
    handle: (request) => launcher.handle(request),
    log,
  });
  log('info', 'launcher is ready', { socket: settings.socketPath });
}

const log = createLauncherLog(process.stderr);
try {
  await runLauncher(parseSettings(process.argv.slice(2)), log);
} catch (error) {
  log('error', 'launcher cannot run', { error: error instanceof Error ? error.message : String(error) });
  process.exitCode = EXIT_UNUSABLE_CONFIGURATION;
}
