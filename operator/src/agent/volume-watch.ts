import type { Measure } from '../engines/measure.ts';
import type { MemberFiles, VolumeState } from '../engines/member-files.ts';
import type { Position } from '../engines/position.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import type { ServerState } from './protocol/agent-state.ts';
import { measureVolume, type VolumeUsage } from './volume-usage.ts';

/** Where the member's two logs end, by its files. */
export interface LogEnds {
  readonly own: Measure<Position>;
  readonly received: Measure<Position>;
}

export interface VolumeWatchOptions {
  readonly files: () => MemberFiles;
  readonly volumePath: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default `measureVolume` */
  readonly measure?: (path: string) => Promise<VolumeUsage>;
  /** Called when the ends have been read. */
  readonly onEnds: () => void;
}

const USAGE_INTERVAL_MILLISECONDS = 5000;

/** What lies on the data volume, and how full it is. */
export class VolumeWatch {
  readonly #options: VolumeWatchOptions;
  #volume: VolumeState | null = null;
  #usage: VolumeUsage | null = null;
  #usageAt = -Infinity;
  #ends: LogEnds | null = null;
  /** Process of the server that had ended last when they were begun to be read; null for none. */
  #endsAfter: number | null = null;
  /** Reads the ends of a stopped server; aborted when it starts. */
  #reading: AbortController | null = null;

  constructor(options: VolumeWatchOptions) {
    this.#options = options;
  }

  get volume(): VolumeState | null {
    return this.#volume;
  }

  get usage(): VolumeUsage | null {
    return this.#usage;
  }

  /** Null while a server runs, or before they were read. */
  get ends(): LogEnds | null {
    return this.#ends;
  }

  /** Looks. A running server's directory is complete: it is looked at only once. */
  async look(server: ServerState, signal: AbortSignal): Promise<void> {
    const { clock, measure = measureVolume, volumePath } = this.#options;
    if (server.kind !== 'running' || this.#volume?.kind !== 'ready') {
      this.#volume = await this.#orNull('volume', this.#options.files().inspect(signal));
    }
    if (clock.monotonic() - this.#usageAt >= USAGE_INTERVAL_MILLISECONDS) {
      this.#usageAt = clock.monotonic();
      this.#usage = await this.#orNull('space of the volume', measure(volumePath));
    }
    if (server.kind === 'ended' && this.#volume?.kind === 'ready') {
      const last = server.lastExit?.pid ?? null;
      if (last !== this.#endsAfter) {
        // Another one has run meanwhile, unseen, and left other ends.
        this.forgetEnds();
        this.#endsAfter = last;
      }
      this.#readEnds(signal);
    } else {
      this.forgetEnds();
    }
  }

  /** To be called before a server starts: it appends to the files that are being read. */
  forgetEnds(): void {
    this.#reading?.abort(new Error('the server starts'));
    this.#reading = null;
    this.#ends = null;
  }

  /** Beside everything else: a long log must hold up no start. */
  #readEnds(signal: AbortSignal): void {
    if (this.#reading === null) {
      this.#reading = new AbortController();
      void this.#finishEnds(this.#reading, AbortSignal.any([signal, this.#reading.signal]));
    }
  }

  async #finishEnds(reading: AbortController, limit: AbortSignal): Promise<void> {
    const files = this.#options.files();
    try {
      const [own, received] = await Promise.all([files.readOwnEnd(limit), files.readReceivedEnd(limit)]);
      if (this.#reading === reading) {
        this.#ends = { own, received };
        this.#options.onEnds();
      }
    } catch (error) {
      if (!limit.aborted) {
        this.#options.logger.warn('the ends of the logs cannot be read', errorFields(error));
        // Others may wait for them: the next look tries again.
        this.#reading = null;
      }
    }
  }

  async #orNull<T>(what: string, look: Promise<T>): Promise<T | null> {
    try {
      return await look;
    } catch (error) {
      this.#options.logger.warn(`the ${what} cannot be looked at`, errorFields(error));
      return null;
    }
  }
}
