/** A MariaDB server as a process of this machine, with nothing of ours beside it. */
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import type { TlsFiles } from '../../operator/src/engines/member.ts';
import { runProgram, startProgram } from '../../operator/src/engines/programs.ts';
import { type ChildProgram, startChildProgram } from '../cluster/control-plane/child-program.ts';
import type { ConfineCall } from '../mariadb/confined-program.ts';

export interface DatabaseServerOptions {
  /** Name of the pod that it stands for. */
  readonly pod: string;
  readonly shard: number;
  readonly serverId: number;
  readonly port: number;
  /** Everything of it lies here; shared with the root file system. */
  readonly folder: string;
  readonly tls: TlsFiles;
  readonly confineCall: ConfineCall;
}

/** For what takes seconds on a machine that has nothing else to do: a bound for what hangs. */
const PATIENCE_MILLISECONDS = 240_000;

/** One server. Its `root` needs no password on its socket. */
export class DatabaseServer {
  readonly options: DatabaseServerOptions;
  #process: ChildProgram | undefined;

  constructor(options: DatabaseServerOptions) {
    this.options = options;
  }

  get pod(): string {
    return this.options.pod;
  }

  get port(): number {
    return this.options.port;
  }

  get socket(): string {
    return join(this.options.folder, `${this.options.pod}.sock`);
  }

  get isRunning(): boolean {
    return this.#process !== undefined && this.#process.exit() === undefined;
  }

  /** Makes an empty database. */
  async initialise(): Promise<void> {
    const { confineCall } = this.options;
    await mkdir(this.options.folder, { recursive: true });
    const call = confineCall({
      program: 'mariadb-install-db',
      arguments: [
        '--no-defaults',
        `--datadir=${this.#data}`,
        // Two servers that share /tmp can take each other's files there.
        `--tmpdir=${this.options.folder}`,
        '--force',
        '--skip-test-db',
        '--skip-name-resolve',
        '--auth-root-authentication-method=normal',
      ],
    });
    await runProgram(startProgram, call, AbortSignal.timeout(PATIENCE_MILLISECONDS));
  }

  /** Takes over the database of another one, which does not run. */
  async copyFrom(other: DatabaseServer): Promise<void> {
    await mkdir(this.options.folder, { recursive: true });
    await cp(other.#data, this.#data, { recursive: true });
  }

  /** Starts the server, and resolves when it answers. */
  async start(): Promise<void> {
    const { folder, port, serverId, shard, tls, pod, confineCall } = this.options;
    const call = confineCall({
      program: 'mariadbd',
      arguments: [
        '--no-defaults',
        `--datadir=${this.#data}`,
        `--tmpdir=${folder}`,
        `--socket=${this.socket}`,
        `--pid-file=${join(folder, `${pod}.pid`)}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--skip-name-resolve',
        '--character-set-server=utf8mb4',
        '--innodb-buffer-pool-size=48M',
        '--innodb-log-file-size=16M',
        '--innodb-flush-log-at-trx-commit=0',
        '--max-connections=400',
        `--server-id=${serverId}`,
        `--gtid-domain-id=${shard}`,
        '--gtid-strict-mode=ON',
        `--log-bin=${join(folder, `${pod}-bin`)}`,
        '--log-slave-updates=ON',
        '--binlog-format=ROW',
        '--plugin-load-add=auth_ed25519',
        `--ssl-ca=${tls.authority}`,
        `--ssl-cert=${tls.certificate}`,
        `--ssl-key=${tls.key}`,
      ],
    });
    this.#process = startChildProgram(call.program, call.arguments, join(folder, `${pod}.log`));
    const deadline = performance.now() + PATIENCE_MILLISECONDS;
    for (;;) {
      try {
        await this.query('SELECT 1');
        return;
      } catch (error) {
        if (performance.now() > deadline || !this.isRunning) {
          throw new Error(`${pod} does not answer: ${this.#process.logTail()}`, { cause: error });
        }
        await delay(50);
      }
    }
  }

  /** A connection as `root`. */
  connect(database?: string): Promise<Connection> {
    return createConnection({
      socketPath: this.socket,
      user: 'root',
      connectTimeout: PATIENCE_MILLISECONDS,
      multipleStatements: true,
      ...(database === undefined ? {} : { database }),
    });
  }

  /** Runs statements as `root`; rows of the last one. */
  async query(sql: string): Promise<RowDataPacket[]> {
    const connection = await this.connect();
    try {
      const [rows] = await connection.query<RowDataPacket[]>(sql);
      return rows;
    } finally {
      connection.destroy();
    }
  }

  /** Writes a database to a file, as SQL that makes it elsewhere; returns the file. */
  async dump(database: string): Promise<string> {
    const file = join(this.options.folder, `${database}.sql`);
    await this.#runTool('mariadb-dump', [`--result-file=${file}`, '--databases', database]);
    return file;
  }

  /** Runs the SQL of a file. */
  async load(file: string): Promise<void> {
    await this.#runTool('mariadb', [`--execute=source ${file}`]);
  }

  /** SIGKILL unless told otherwise; resolves when it is gone. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#process?.stop(signal, PATIENCE_MILLISECONDS);
  }

  /** SIGSTOP: it takes connections and answers nothing. */
  freeze(): void {
    this.#signal('SIGSTOP');
  }

  /** SIGCONT */
  thaw(): void {
    this.#signal('SIGCONT');
  }

  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.options.folder, { recursive: true, force: true });
  }

  async #runTool(program: string, programArguments: readonly string[]): Promise<void> {
    const call = this.options.confineCall({
      program,
      arguments: ['--no-defaults', `--socket=${this.socket}`, '--user=root', ...programArguments],
    });
    await runProgram(startProgram, call, AbortSignal.timeout(PATIENCE_MILLISECONDS));
  }

  #signal(name: NodeJS.Signals): void {
    if (this.#process !== undefined && this.isRunning) {
      process.kill(this.#process.pid, name);
    }
  }

  get #data(): string {
    return join(this.options.folder, `${this.options.pod}-data`);
  }
}
