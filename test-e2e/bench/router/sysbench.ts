/** sysbench as Debian packages it, against any endpoint, with figures of more digits than its own report has. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TlsFiles } from '../../../operator/src/engines/member.ts';
import { runCommand } from '../../cluster/machine/command.ts';
import type { ConfineCall } from '../../mariadb/confined-program.ts';

/** Workloads of sysbench, unchanged. */
export const WORKLOADS = ['oltp_point_select', 'oltp_read_only', 'oltp_read_write'] as const;

/** One of {@link WORKLOADS}. */
export type Workload = (typeof WORKLOADS)[number];

/** Where sysbench connects, and as whom. */
export interface Endpoint {
  /** @default this machine, for `host` */
  readonly address: { readonly socketPath: string } | { readonly host?: string; readonly port: number };
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Whether the files for TLS are used; without them the client library decides, and takes TLS where it is offered. */
  readonly tls: boolean;
}

/** Packages of Debian with which a root file system has it; HAProxy is what the benchmark of routers compares with. */
export const SYSBENCH_PACKAGES: readonly string[] = ['haproxy', 'sysbench'];

/** One run. */
export interface SysbenchRun {
  readonly workload: Workload;
  readonly clients: number;
  readonly seconds: number;
  /** Options of the workload. */
  readonly options?: readonly string[];
}

/** What a run came to. */
export interface SysbenchFigures {
  readonly queries: number;
  readonly queriesPerSecond: number;
  /** Median of an event: a transaction, or a query of workloads without. To 2 %, by sysbench's histogram. */
  readonly medianMicroseconds: number;
}

/** Rows of the one table. */
export const ROWS = 20_000;

/** Runs sysbench with its files in a folder that it shares. */
export class Sysbench {
  readonly #folder: string;
  readonly #confineCall: ConfineCall;

  private constructor(folder: string, confineCall: ConfineCall) {
    this.#folder = folder;
    this.#confineCall = confineCall;
  }

  /** Makes the folder, and in it scripts that add the report, and the files that sysbench wants for TLS, if any. */
  static async open(folder: string, confineCall: ConfineCall, tls?: TlsFiles): Promise<Sysbench> {
    await mkdir(folder);
    for (const workload of WORKLOADS) {
      await writeFile(join(folder, `${workload}_figures.lua`), `require("${workload}")\n${REPORT}`);
    }
    if (tls !== undefined) {
      await copyFile(tls.authority, join(folder, 'cacert.pem'));
      await copyFile(tls.certificate, join(folder, 'client-cert.pem'));
      await copyFile(tls.key, join(folder, 'client-key.pem'));
    }
    return new Sysbench(folder, confineCall);
  }

  /** Its version. */
  async version(): Promise<string> {
    const call = this.#confineCall({ program: '/usr/bin/sysbench', arguments: ['--version'] });
    const text = await runCommand(call.program, call.arguments).catch((cause: unknown) => {
      throw new Error(`sysbench is missing: the root file system needs Debian's package "sysbench"`, {
        cause,
      });
    });
    return /sysbench ([\d.]+)/.exec(text)?.[1] ?? 'unknown';
  }

  /** Makes the table and its rows. */
  async prepare(endpoint: Endpoint): Promise<void> {
    await this.#call('oltp_read_write', endpoint, ['--threads=1', 'prepare']);
  }

  /** One run. Rejects when anything fails in it but a deadlock. */
  async run(
    endpoint: Endpoint,
    { workload, clients, seconds, options = [] }: SysbenchRun,
  ): Promise<SysbenchFigures> {
    const output = await this.#call(workload, endpoint, [
      `--threads=${clients}`,
      `--time=${seconds}`,
      '--events=0',
      '--percentile=50',
      ...options,
      'run',
    ]);
    return parseFigures(output);
  }

  #call(workload: Workload, endpoint: Endpoint, words: readonly string[]): Promise<string> {
    const { address, user, password, database, tls } = endpoint;
    const call = this.#confineCall({
      program: '/bin/sh',
      arguments: [
        '-c',
        // The files for TLS have fixed names, in the current folder.
        'cd "$1" && shift && exec sysbench "$@"',
        'sh',
        this.#folder,
        `${workload}_figures.lua`,
        '--db-driver=mysql',
        ...('socketPath' in address
          ? [`--mysql-socket=${address.socketPath}`]
          : [`--mysql-host=${address.host ?? '127.0.0.1'}`, `--mysql-port=${address.port}`]),
        `--mysql-user=${user}`,
        `--mysql-password=${password}`,
        `--mysql-db=${database}`,
        `--mysql-ssl=${tls ? 'on' : 'off'}`,
        '--tables=1',
        `--table-size=${ROWS}`,
        '--auto-inc=off',
        '--rand-type=uniform',
        ...words,
      ],
    });
    return runCommand(call.program, call.arguments);
  }
}

/** sysbench's own report rounds latencies to hundredths of a millisecond. */
const REPORT = `sysbench.hooks.report_cumulative = function (stat)
  print(string.format("figures queries=%d seconds=%.6f median=%.9f",
    stat.reads + stat.writes + stat.other, stat.time_total, stat.latency_pct))
end
`;

/** Reads the line of the report. Throws when it is not there. */
export function parseFigures(output: string): SysbenchFigures {
  const [, queries, seconds, median] =
    /^figures queries=(\d+) seconds=([\d.]+) median=([\d.]+)$/m.exec(output) ?? [];
  if (queries === undefined) {
    throw new Error(`sysbench has told no figures:\n${output}`);
  }
  return {
    queries: Number(queries),
    queriesPerSecond: Number(queries) / Number(seconds),
    medianMicroseconds: Number(median) * 1e6,
  };
}
