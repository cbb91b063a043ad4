/** A tail that can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Source } from '../../operator/src/engines/source.ts';
import type { FollowedDatabase } from '../../operator/src/engines/slot-transfer.ts';

/** What a tail is to do. */
export interface TailOrder {
  readonly socketPath: string;
  readonly agentPassword: string;
  /** PEM */
  readonly authority: string;
  readonly databases: readonly FollowedDatabase[];
  readonly source: Source;
}

/** Something that a tail has told. */
interface Told {
  readonly what: 'position' | 'lag' | 'stopped' | 'ended';
  readonly value: unknown;
}

const MAIN = join(import.meta.dirname, 'tail-main.ts');
let files = 0;

/** One run of a tail as a process. */
export class TailProcess {
  readonly #child: ChildProcess;
  /** The newest position by move. */
  readonly positions = new Map<string, string>();
  readonly stopped: string[] = [];
  lag: number | null = null;
  /** Why the tail ended by itself. */
  end: string | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout !== null) {
      createInterface(child.stdout).on('line', (line) => this.#take(JSON.parse(line) as Told));
    }
  }

  static async start(folder: string, order: TailOrder): Promise<TailProcess> {
    files += 1;
    const file = join(folder, `tail-${files}.json`);
    await writeFile(file, JSON.stringify(order), { mode: 0o600 });
    return new TailProcess(spawn(process.execPath, [MAIN, file], { stdio: ['ignore', 'pipe', 'inherit'] }));
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.isRunning) {
      const exit = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await exit;
    }
  }

  #take({ what, value }: Told): void {
    if (what === 'position') {
      const [moveId, position] = value as [string, string];
      this.positions.set(moveId, position);
    } else if (what === 'lag') {
      this.lag = value as number | null;
    } else if (what === 'stopped') {
      this.stopped.push(String(value));
    } else {
      this.end = String(value);
    }
  }
}
