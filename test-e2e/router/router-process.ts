/** `shardwright router` as a process of this machine. */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TlsFiles } from '../../operator/src/engines/member.ts';
import { type ChildProgram, startChildProgram } from '../cluster/control-plane/child-program.ts';
import { childrenOf } from '../cluster/machine/child-processes.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { eventually } from '../install/eventually.ts';

export interface RouterProcessOptions {
  readonly folder: string;
  readonly cluster: string;
  /** The router secret. */
  readonly secret: string;
  readonly tls: TlsFiles;
  readonly port: number;
  readonly metricsPort: number;
  /** An API server that has the map. @default the map is in a file */
  readonly kubeconfigPath?: string;
  /** Of the routers' own account. @default one that nobody knows */
  readonly accountPassword?: string;
  /** How long statements are held. @default 10 */
  readonly holdSeconds?: number;
}

/** For what takes seconds on a machine that has nothing else to do: bounds for what hangs. */
const READY_MILLISECONDS = 240_000;
const DRAIN_MILLISECONDS = 120_000;
const CONNECT_MILLISECONDS = 120_000;

/** One router with one worker; not running at first. */
export class RouterProcess {
  readonly options: RouterProcessOptions;
  readonly accountPassword: string;
  #process: ChildProgram | undefined;

  constructor(options: RouterProcessOptions) {
    this.options = options;
    this.accountPassword = options.accountPassword ?? randomBytes(12).toString('hex');
  }

  get port(): number {
    return this.options.port;
  }

  /** What drivers connect with. Their own patience is that of a machine with little to do: a second, in one case. */
  get address(): { readonly host: string; readonly port: number; readonly connectTimeout: number } {
    return { host: '127.0.0.1', port: this.port, connectTimeout: CONNECT_MILLISECONDS };
  }

  get mapFile(): string {
    return join(this.options.folder, 'map.json');
  }

  get addressesFile(): string {
    return join(this.options.folder, 'addresses.json');
  }

  /** File of the authority that signed the certificates of servers and router. */
  get authorityFile(): string {
    return this.options.tls.authority;
  }

  /** Writes the files that a pod would mount. */
  async prepare(): Promise<void> {
    const { folder, secret, tls } = this.options;
    for (const name of ['secret', 'tls', 'authority', 'memory']) {
      await mkdir(join(folder, name));
    }
    await writeFile(join(folder, 'secret', 'key'), secret);
    await writeFile(join(folder, 'secret', 'username'), 'shardwright_router');
    await writeFile(join(folder, 'secret', 'password'), this.accountPassword);
    await copyFile(tls.certificate, join(folder, 'tls', 'tls.crt'));
    await copyFile(tls.key, join(folder, 'tls', 'tls.key'));
    await copyFile(tls.authority, join(folder, 'authority', 'ca.crt'));
  }

  /** Starts it and resolves when it is ready. */
  async start(furtherArguments: readonly string[] = []): Promise<void> {
    const { folder, cluster, port, metricsPort, kubeconfigPath, holdSeconds = 10 } = this.options;
    this.#process = startChildProgram(
      process.execPath,
      [
        join(checkoutFolder, 'operator/src/main.ts'),
        'router',
        `--cluster=${cluster}`,
        '--max-connections=500',
        '--idle-timeout-seconds=3600',
        `--hold-seconds=${holdSeconds}`,
        '--max-lag-seconds=5',
        `--listen=127.0.0.1:${port}`,
        `--bind-address=127.0.0.1:${metricsPort}`,
        '--workers=1',
        kubeconfigPath === undefined ? `--map-file=${this.mapFile}` : `--kubeconfig=${kubeconfigPath}`,
        `--addresses-file=${this.addressesFile}`,
        `--files=${folder}`,
        ...furtherArguments,
      ],
      join(folder, 'router.log'),
    );
    const deadline = performance.now() + READY_MILLISECONDS;
    while ((await this.page('/readyz').catch(() => ({ status: 0 }))).status !== 200) {
      if (performance.now() > deadline || this.#process.exit() !== undefined) {
        throw new Error(`the router is not ready: ${this.#process.logTail()}`);
      }
      await delay(100);
    }
  }

  /** SIGTERM drains; resolves when it is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#process?.stop(signal, DRAIN_MILLISECONDS);
  }

  /** What ended it, or undefined while it runs. */
  exit(): string | undefined {
    return this.#process?.exit();
  }

  /** All processes of it while it runs: the first, and those of its workers where it has several. */
  async pids(): Promise<number[]> {
    return [this.#process?.pid ?? 0, ...(await this.workerPids())];
  }

  /** Processes of its workers. */
  workerPids(): Promise<number[]> {
    return childrenOf(this.#process?.pid ?? 0);
  }

  log(): string {
    return this.#process?.logTail() ?? '';
  }

  /** Resolves when the newest map that it uses has this revision, or a later one. */
  async usesMap(revision: number): Promise<void> {
    const read = async (): Promise<number> => {
      const { text } = await this.page('/metrics');
      return Number(/^shardwright_router_map_revision (\d+)$/m.exec(text)?.[1]);
    };
    const used = await eventually(read, (found) => found >= revision);
    if (!(used >= revision)) {
      throw new Error(`the router uses the map of revision ${used}, and not that of ${revision}`);
    }
  }

  /** A page of the plain port. */
  page(path: string): Promise<{ readonly status: number; readonly text: string }> {
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port: this.options.metricsPort, path }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      }).on('error', reject);
    });
  }
}
