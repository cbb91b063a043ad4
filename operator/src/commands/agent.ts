import { AGENT_PATHS, AGENT_PORTS, readMemberPlace } from '../agent/pod-contract.ts';
import { runAgent } from '../agent/run-agent.ts';
import { mariadbEngine } from '../engines/mariadb/engine.ts';
import { openLog } from '../observability/winston-logger.ts';
import { connect } from '../runtime/client/connect.ts';
import { systemClock } from '../runtime/clock.ts';
import { runProcess } from './run-process.ts';
import { VERSION } from './version.ts';

/** Runs the agent beside a database until SIGTERM, and leaves the database running; resolves with the exit code. */
export async function runAgentCommand(): Promise<number> {
  const place = readMemberPlace(process.env);
  const log = openLog({ level: 'info', format: 'json', stream: process.stdout });
  return runProcess(async (signal) => {
    const { container } = mariadbEngine;
    const connection = await connect({ userAgent: `shardwright-agent/${VERSION}` });
    try {
      await runAgent(
        {
          place,
          places: {
            ...AGENT_PATHS,
            volumePath: container.volumePath,
            memoryPath: container.memoryPath,
            agentPort: AGENT_PORTS.agent.port,
            metricsPort: AGENT_PORTS.metrics.port,
            serverPort: container.clientPort,
          },
          version: VERSION,
          engine: mariadbEngine,
          client: connection.client,
          clock: systemClock,
          logger: log.logger,
        },
        signal,
      );
    } finally {
      await connection.close();
    }
  }, log);
}
