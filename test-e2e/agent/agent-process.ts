/** The agent as a process of this machine: `node agent-process.ts OPTIONS.json`. Its server runs in a root file system. */
import { readFile } from 'node:fs/promises';
import type { MemberPlace } from '../../operator/src/agent/pod-contract.ts';
import { type AgentPlaces, runAgent } from '../../operator/src/agent/run-agent.ts';
import { EXIT_CODES, runProcess } from '../../operator/src/commands/run-process.ts';
import { startProgram } from '../../operator/src/engines/programs.ts';
import { mariadbEngine } from '../../operator/src/engines/mariadb/engine.ts';
import { openLog } from '../../operator/src/observability/winston-logger.ts';
import { connect } from '../../operator/src/runtime/client/connect.ts';
import { systemClock } from '../../operator/src/runtime/clock.ts';
import { confineCalls } from '../mariadb/confined-program.ts';

/** What the process is told. */
export interface AgentProcessOptions {
  readonly place: MemberPlace;
  readonly places: AgentPlaces;
  readonly kubeconfigPath: string;
  readonly rootFileSystem: string;
  /** The member's folder, which the server's programs see. */
  readonly folder: string;
}

const options = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as AgentProcessOptions;
const log = openLog({ level: 'debug', format: 'json', stream: process.stdout });
const confineCall = await confineCalls(options.rootFileSystem, options.folder);
const exitCode = await runProcess(async (signal) => {
  const connection = await connect({
    kubeconfigPath: options.kubeconfigPath,
    userAgent: 'shardwright-agent/test',
  });
  try {
    await runAgent(
      {
        place: options.place,
        places: options.places,
        version: 'test',
        engine: mariadbEngine,
        client: connection.client,
        clock: systemClock,
        logger: log.logger,
        startProgram: (call) => startProgram(confineCall(call)),
        completeLaunch: async (plan) => {
          const call = confineCall(plan);
          return { ...call, environment: { PATH: process.env['PATH'] ?? '', ...call.environment } };
        },
      },
      signal,
    );
  } finally {
    await connection.close();
  }
}, log);
process.exit(exitCode === EXIT_CODES.stopped ? 0 : 1);
