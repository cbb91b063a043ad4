/** A worker's side of the talk with the primary process. */
import type { Registry } from '@prometheus-io/client';
import { assertNever } from '../../runtime/assert-never.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type MapSource, NewestMap } from '../topology/map-source.ts';
import { PendingRequests } from './pending-requests.ts';
import type { KillRequest, KillResult, MessageFromWorker, MessageToWorker } from './worker-messages.ts';

/** The part of `process` that a forked process talks by. */
export interface ParentProcess {
  send(message: MessageFromWorker): void;
  onMessage(handler: (message: MessageToWorker) => void): void;
}

export interface PrimaryChannelOptions {
  readonly parent: ParentProcess;
  readonly registry: Registry;
  /** Why this worker cannot serve; null when it can. */
  readonly state: () => string | null;
  /** Ends a client of this worker. */
  readonly kill: (request: KillRequest) => KillResult;
  readonly clock: Clock;
}

const STATE_MILLISECONDS = 250;
const ANSWER_MILLISECONDS = 3000;

/** The map comes from the primary process, and so do requests; what this worker is like is told to it. */
export class PrimaryChannel implements MapSource {
  readonly #options: PrimaryChannelOptions;
  readonly #newest = new NewestMap();
  readonly #kills: PendingRequests<KillResult>;

  constructor(options: PrimaryChannelOptions) {
    this.#options = options;
    this.#kills = new PendingRequests(options.clock, ANSWER_MILLISECONDS);
    options.parent.onMessage((message) => this.#receive(message));
  }

  current(): ReturnType<MapSource['current']> {
    return this.#newest.current();
  }

  onChange(handler: Parameters<MapSource['onChange']>[0]): () => void {
    return this.#newest.onChange(handler);
  }

  /** Tells the state again and again: a worker without a map is sent one for it. */
  async run(signal: AbortSignal): Promise<void> {
    const { parent, state, clock } = this.#options;
    let told: string | null | undefined;
    while (!signal.aborted) {
      const reason = state();
      if (reason !== told || reason !== null) {
        parent.send({ type: 'state', reason });
        told = reason;
      }
      await clock.sleep(STATE_MILLISECONDS, signal).catch(() => {});
    }
  }

  /** Ends a client of another worker. */
  killElsewhere(kill: KillRequest): Promise<KillResult> {
    return this.#kills.ask(
      (request) => this.#options.parent.send({ type: 'kill', request, kill }),
      'unknown',
    );
  }

  #receive(message: MessageToWorker): void {
    const { parent, registry, kill } = this.#options;
    switch (message.type) {
      case 'map':
        this.#newest.offer(message.map);
        return;
      case 'measure':
        void registry
          .getMetricsAsJSON()
          .then((figures) => parent.send({ type: 'figures', request: message.request, figures }));
        return;
      case 'kill':
        parent.send({ type: 'killed', request: message.request, result: kill(message.kill) });
        return;
      case 'killed':
        this.#kills.answer(message.request, message.result);
        return;
      default:
        assertNever(message);
    }
  }
}
