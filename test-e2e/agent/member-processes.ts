/** One member of a shard on this machine: its launcher, its agent, and through them its server. */
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { get } from 'node:http';
import type { MemberPlace } from '../../operator/src/agent/pod-contract.ts';
import type { PeerAgent } from '../../operator/src/agent/peer-states.ts';
import { fetchPeerFrame } from '../../operator/src/agent/peer-states.ts';
import type { AgentState } from '../../operator/src/agent/protocol/agent-state.ts';
import type { TlsMaterial } from '../../operator/src/pki/tls-material.ts';
import { startChildProgram, type ChildProgram } from '../cluster/control-plane/child-program.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import type { AgentProcessOptions } from './agent-process.ts';

/** What a member is made of. */
export interface MemberProcessesOptions {
  readonly place: MemberPlace;
  /** Everything of this member lies here; the server's programs see this folder and no other. */
  readonly folder: string;
  readonly rootFileSystem: string;
  readonly kubeconfigPath: string;
  readonly agentTls: string;
  readonly serverTls: string;
  readonly accounts: string;
  readonly settings: string;
  /** From the wish that the pod should end to the end of its server at the latest. */
  readonly graceSeconds: number;
  readonly ports: { readonly agent: number; readonly metrics: number; readonly server: number };
  /** As the operator's. */
  readonly tls: TlsMaterial;
  readonly agent: PeerAgent;
}

const STATE_TIMEOUT_MILLISECONDS = 30_000;
/** From the end of a grace period to that of the launcher. */
const TERMINATION_MILLISECONDS = 30_000;

/** Processes of one member, none of them running at first. */
export class MemberProcesses {
  readonly options: MemberProcessesOptions;
  #launcher: ChildProgram | undefined;
  #agent: ChildProgram | undefined;

  constructor(options: MemberProcessesOptions) {
    this.options = options;
  }

  get pod(): string {
    return this.options.place.pod;
  }

  get volumePath(): string {
    return join(this.options.folder, 'volume');
  }

  /** Makes the folders that a pod would have. */
  async prepare(): Promise<void> {
    const { folder, place, ports } = this.options;
    await mkdir(this.volumePath, { recursive: true });
    await mkdir(join(folder, 'memory'), { recursive: true });
    await chmod(folder, 0o755);
    const options: AgentProcessOptions = {
      place,
      places: {
        settings: this.options.settings,
        accounts: this.options.accounts,
        agentTls: this.options.agentTls,
        serverTls: this.options.serverTls,
        volumePath: this.volumePath,
        memoryPath: join(folder, 'memory'),
        hosts: join(folder, 'memory', 'hosts'),
        agentPort: ports.agent,
        metricsPort: ports.metrics,
        serverPort: ports.server,
        host: '127.0.0.1',
      },
      kubeconfigPath: this.options.kubeconfigPath,
      rootFileSystem: this.options.rootFileSystem,
      folder,
    };
    await writeFile(this.#optionsFile, JSON.stringify(options));
  }

  startLauncher(): void {
    const { folder, graceSeconds } = this.options;
    this.#launcher = startChildProgram(
      process.execPath,
      [
        join(checkoutFolder, 'operator/src/launcher/main.ts'),
        `--socket=${join(folder, 'memory', 'launcher.sock')}`,
        `--grace-seconds=${graceSeconds}`,
      ],
      this.#launcherLog,
    );
  }

  startAgent(): void {
    this.#agent = startChildProgram(
      process.execPath,
      [join(checkoutFolder, 'test-e2e/agent/agent-process.ts'), this.#optionsFile],
      join(this.options.folder, 'agent.log'),
    );
  }

  /** SIGKILL, and starts it again as a kubelet would. */
  async restartLauncher(): Promise<void> {
    await this.#launcher?.stop('SIGKILL');
    this.startLauncher();
  }

  /** SIGTERM, as when the pod is deleted; resolves when the launcher has ended by itself, and starts another. */
  async terminateLauncher(): Promise<void> {
    await this.#launcher?.stop('SIGTERM', this.options.graceSeconds * 1000 + TERMINATION_MILLISECONDS);
    this.startLauncher();
  }

  /** Ends it, and starts it again as a kubelet would. */
  async restartAgent(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.stopAgent(signal);
    this.startAgent();
  }

  async stopAgent(signal: NodeJS.Signals): Promise<void> {
    await this.#agent?.stop(signal);
  }

  /** What the agent tells now. Rejects when it does not. */
  async state(): Promise<AgentState> {
    const { agent, tls } = this.options;
    return (await fetchPeerFrame(agent, tls, AbortSignal.timeout(STATE_TIMEOUT_MILLISECONDS))).state;
  }

  /** Process of the server; undefined when none runs. */
  async serverPid(): Promise<number | undefined> {
    const { server } = await this.state();
    return server.kind === 'running' ? server.pid : undefined;
  }

  /** What launcher and server have logged. */
  serverLog(): Promise<string> {
    return readFile(this.#launcherLog, 'utf8');
  }

  /** SIGKILL to the server. */
  async killServer(): Promise<void> {
    const pid = await this.serverPid();
    if (pid !== undefined) {
      endGroup(pid);
    }
  }

  /** Empties the data volume; the server must not run. */
  async emptyVolume(): Promise<void> {
    await rm(this.volumePath, { recursive: true });
    await mkdir(this.volumePath);
  }

  /** A page of the agent's plain port. */
  page(path: string): Promise<{ readonly status: number; readonly text: string }> {
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port: this.options.ports.metrics, path }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      }).on('error', reject);
    });
  }

  async dispose(): Promise<void> {
    const pid = await this.serverPid().catch(() => undefined);
    await this.stopAgent('SIGKILL');
    if (pid !== undefined) {
      endGroup(pid);
    }
    // Without a server it ends at once; one whose agent told nothing it ends after the grace period.
    await this.#launcher?.stop('SIGTERM', this.options.graceSeconds * 1000 + TERMINATION_MILLISECONDS);
  }

  get #launcherLog(): string {
    return join(this.options.folder, 'launcher.log');
  }

  get #optionsFile(): string {
    return join(this.options.folder, 'agent.json');
  }
}

/** SIGKILL to a process and those that it has started, if it is still there. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw error;
    }
  }
}
