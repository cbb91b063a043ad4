import { assertNever } from '../runtime/assert-never.ts';
import type { LauncherLog } from './log.ts';
import {
  LAUNCHER_PROTOCOL_VERSION,
  type LauncherMessage,
  type LauncherRefusal,
  type LauncherRequest,
  type LauncherStatus,
  type RunningServer,
  type ServerExit,
  type StartRequest,
} from './protocol.ts';
import type { ServerProcess, SpawnError } from './server-process.ts';

export interface LauncherOptions {
  /** Starts a server; see `spawnServer`. */
  readonly spawn: (
    request: StartRequest,
    onExit: (exit: ServerExit) => void,
  ) => ServerProcess | Promise<SpawnError>;
  /** Sends a message to the attached client, if there is one. */
  readonly notify: (message: LauncherMessage) => void;
  /** Called once, when the launcher has nothing left to do and its process should end. */
  readonly onFinished: () => void;
  /** How long after SIGTERM the agent has to let go of the server. */
  readonly graceMilliseconds: number;
  readonly log: LauncherLog;
}

/** Runs one server at a time, on request only. */
export interface Launcher {
  /** Carries a request out and gives the answer to it. */
  handle(request: LauncherRequest): LauncherMessage | Promise<LauncherMessage>;
  /** SIGTERM: asks the agent to let go, then kills the server and finishes. A second call does nothing. */
  terminate(): void;
}

/** A launcher without a server. It never starts one by itself, and stays when its server dies. */
export function createLauncher(options: LauncherOptions): Launcher {
  const { log, notify } = options;
  const launcherStartedAt = Date.now();
  let running: { readonly process: ServerProcess; readonly server: RunningServer } | null = null;
  let lastExit: ServerExit | null = null;
  let highestEpoch = 0;
  let grace: NodeJS.Timeout | null = null;
  let terminating = false;

  const status = (): LauncherStatus => ({
    launcherPid: process.pid,
    launcherStartedAt,
    server: running?.server ?? null,
    lastExit,
    terminating,
  });
  const done = (id: number): LauncherMessage => ({ type: 'done', id, status: status() });

  const finish = (): void => {
    if (grace !== null) {
      clearTimeout(grace);
    }
    options.onFinished();
  };

  const onExit = (exit: ServerExit): void => {
    running = null;
    lastExit = exit;
    log('info', 'server ended', { pid: exit.pid, code: exit.code, signal: exit.signal });
    notify({ type: 'exited', exit });
    if (terminating) {
      finish();
    }
  };

  const start = (id: number, request: StartRequest): LauncherMessage | Promise<LauncherMessage> => {
    const { epoch, role } = request;
    if (terminating) {
      return refuse(id, 'Terminating', 'the container is being stopped');
    }
    if (running !== null) {
      return refuse(id, 'AlreadyRunning', `a server runs already, as process ${running.server.pid}`);
    }
    if (epoch < highestEpoch) {
      return refuse(id, 'StaleEpoch', `epoch ${epoch} is older than epoch ${highestEpoch}`);
    }
    const started = options.spawn(request, onExit);
    if (started instanceof Promise) {
      return started.then((error) => {
        log('error', 'server could not be started', { program: request.program, reason: error.reason });
        return refuse(id, 'SpawnFailed', error.message);
      });
    }
    highestEpoch = epoch;
    running = { process: started, server: { pid: started.pid, epoch, role, startedAt: Date.now() } };
    log('info', 'server started', { pid: started.pid, epoch, role });
    return done(id);
  };

  const assign = (request: Extract<LauncherRequest, { type: 'assign' }>): LauncherMessage => {
    const { id, pid, epoch, role } = request;
    if (running?.server.pid !== pid) {
      return refuse(id, 'NotRunning', `process ${pid} is not the server that runs`);
    }
    if (epoch < highestEpoch) {
      return refuse(id, 'StaleEpoch', `epoch ${epoch} is older than epoch ${highestEpoch}`);
    }
    highestEpoch = epoch;
    running = { ...running, server: { ...running.server, epoch, role } };
    log('info', 'the server has changed its role', { pid, epoch, role });
    return done(id);
  };

  const kill = (why: string): void => {
    if (running !== null) {
      log('info', 'killing the server', { pid: running.server.pid, why });
      running.process.kill();
    }
  };

  return {
    handle(request) {
      switch (request.type) {
        case 'attach':
          return request.version === LAUNCHER_PROTOCOL_VERSION
            ? done(request.id)
            : refuse(
                request.id,
                'UnsupportedVersion',
                `the launcher speaks version ${LAUNCHER_PROTOCOL_VERSION}`,
              );
        case 'start':
          return start(request.id, request);
        case 'assign':
          return assign(request);
        case 'kill':
          kill('asked by the agent');
          return done(request.id);
        case 'released':
          if (!terminating) {
            return refuse(
              request.id,
              'InvalidRequest',
              'nothing to release: the container is not being stopped',
            );
          }
          kill('released by the agent');
          return done(request.id);
        case 'status':
          return done(request.id);
        default:
          return assertNever(request);
      }
    },
    terminate() {
      if (terminating) {
        return;
      }
      terminating = true;
      if (running === null) {
        finish();
        return;
      }
      const { graceMilliseconds } = options;
      log('info', 'asked to stop, waiting for the agent', { graceMilliseconds });
      grace = setTimeout(() => kill('grace period is over'), graceMilliseconds);
      notify({ type: 'terminating', graceMilliseconds });
    },
  };
}

function refuse(id: number, code: LauncherRefusal, message: string): LauncherMessage {
  return { type: 'refused', id, code, message };
}
