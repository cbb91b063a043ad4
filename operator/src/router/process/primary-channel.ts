/** A worker's side of the talk with the primary process. */
import type { Socket } from 'node:net';
import type { Registry } from '@prometheus-io/client';
import { assertNever } from '../../runtime/assert-never.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { ClientProcess } from '../client/client-process.ts';
import { type MapSource, NewestMap } from '../topology/map-source.ts';
import type { Entrance } from './entrance.ts';
import { HandedClients } from './handed-clients.ts';
import { PendingRequests } from './pending-requests.ts';
import {
  KILL_MILLISECONDS,
  type KillRequest,
  type KillResult,
  type MessageFromWorker,
  type MessageToWorker,
} from './worker-messages.ts';

/** The part of `process` that a forked process talks by. */
export interface ParentProcess {
  send(message: MessageFromWorker): void;
  /** A socket comes with an offer, unless it was lost on its way. */
  onMessage(handler: (message: MessageToWorker, socket: Socket | undefined) => void): void;
}

export interface PrimaryChannelOptions {
  readonly parent: ParentProcess;
  readonly registry: Registry;
  /** Why this worker cannot serve; null when it can. */
  readonly state: () => string | null;
  /** Clients of this worker. */
  readonly connections: () => number;
  /** Ends a client of this worker. */
  readonly kill: (request: KillRequest) => KillResult;
  /** Clients of this worker that have logged in. */
  readonly processes: () => readonly ClientProcess[];
  readonly clock: Clock;
}

const STATE_MILLISECONDS = 250;
const ANSWER_MILLISECONDS = 3000;

/** The map comes from the primary process, and so do requests; what this worker is like is told to it. */
export class PrimaryChannel implements MapSource {
  readonly #options: PrimaryChannelOptions;
  readonly #newest = new NewestMap();
  readonly #kills: PendingRequests<KillResult>;
  readonly #lists: PendingRequests<readonly ClientProcess[]>;
  readonly #clients: HandedClients;

  constructor(options: PrimaryChannelOptions) {
    this.#options = options;
    // The primary process, which waits as long, answers first.
    this.#kills = new PendingRequests(options.clock, KILL_MILLISECONDS + ANSWER_MILLISECONDS);
    this.#lists = new PendingRequests(options.clock, ANSWER_MILLISECONDS);
    this.#clients = new HandedClients({
      tell: (message) => options.parent.send(message),
      connections: options.connections,
    });
    options.parent.onMessage((message, socket) => this.#receive(message, socket));
  }

  /** Where the clients that the primary process has accepted come in. */
  get entrance(): Entrance {
    return this.#clients;
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
    let told: { readonly reason: string | null; readonly connections: number } | undefined;
    while (!signal.aborted) {
      const reason = state();
      const { connections } = this.#clients;
      if (reason !== null || told?.reason !== null || told.connections !== connections) {
        told = { reason, connections };
        parent.send({ type: 'state', ...told });
      }
      await clock.sleep(STATE_MILLISECONDS, signal).catch(() => {});
    }
  }

  /** Ends a client of another worker. */
  killElsewhere(kill: KillRequest): Promise<KillResult> {
    return this.#kills.ask(
      (request) => this.#options.parent.send({ type: 'kill', request, kill }),
      'unanswered',
    );
  }

  /** Clients of all workers that answer in time, this one's included. */
  processes(): Promise<readonly ClientProcess[]> {
    const { parent, processes } = this.#options;
    return this.#lists.ask((request) => parent.send({ type: 'list', request }), processes());
  }

  #receive(message: MessageToWorker, socket: Socket | undefined): void {
    const { parent, registry, kill, processes } = this.#options;
    switch (message.type) {
      case 'map':
        this.#newest.offer(message.map);
        return;
      case 'offer':
        this.#clients.offered(message.offer, socket);
        return;
      case 'serve':
        this.#clients.serve(message.offer);
        return;
      case 'withdraw':
        this.#clients.withdrawn(message.offer);
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
      case 'list':
        parent.send({ type: 'listed', request: message.request, processes: processes() });
        return;
      case 'listed':
        this.#lists.answer(message.request, message.processes);
        return;
      default:
        assertNever(message);
    }
  }
}
