import { isNativeError } from 'node:util/types';
import type { CommandName, CommandRequest, CommandResults } from '../../agent/protocol/commands.ts';
import type { StateFrame } from '../../agent/protocol/frame.ts';
import type { TlsMaterialSource } from '../../pki/tls-material.ts';
import { withScope } from '../../runtime/abort.ts';
import { createBackoff } from '../../runtime/backoff.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { createAgentRequests } from './agent-requests.ts';
import type { AgentTarget } from './agent-target.ts';
import { type PeerStatus, SilenceError, statusAfter } from './peer-status.ts';
import type { StallMonitor } from './stall-monitor.ts';
import { readStateStream } from './state-connection.ts';

export interface AgentClientOptions {
  readonly target: AgentTarget;
  readonly tls: TlsMaterialSource;
  readonly clock: Clock;
  readonly stallMonitor: Pick<StallMonitor, 'isStalled'>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /**
   * What this operator is to the agent: the leader, to a primary or to another member; or nobody.
   * @default nobody
   */
  readonly attention?: () => Attention;
  /** No frame for so long is silence; agents send one every 250 ms. @default 900 */
  readonly silenceMilliseconds?: number;
  /** A connection not accepted by then is given up. @default 1000 */
  readonly connectTimeoutMilliseconds?: number;
  /** How often to measure the round trip. @default 1000 */
  readonly pingMilliseconds?: number;
  /** How often to show a primary that it has a leader. @default 250 */
  readonly attentionMilliseconds?: number;
}

/** What an operator is to an agent. */
export type Attention = 'none' | 'member' | 'primary';

/** What is known of one agent. All times by the clock's `monotonic`. */
export interface AgentView {
  readonly status: PeerStatus;
  readonly statusSince: number;
  /** What the status follows from, where that was a failure. */
  readonly error: Error | undefined;
  /** The newest frame, from whichever connection; how old it is matters more than the status. */
  readonly frame: StateFrame | undefined;
  readonly frameReceivedAt: number | undefined;
  readonly roundTripMilliseconds: number | undefined;
  /** When the agent was last shown that a leading operator is there. */
  readonly attendedAt: number | undefined;
}

/** What happens on the way to an agent. */
export type AgentEvent =
  | { readonly kind: 'frame'; readonly view: AgentView; readonly frame: StateFrame }
  | { readonly kind: 'status'; readonly view: AgentView; readonly previous: PeerStatus };

/** Keeps the way to one agent open. */
export interface AgentClient {
  readonly target: AgentTarget;
  view(): AgentView;
  /** Calls `handler` with every event; returns how to stop that. */
  onEvent(handler: (event: AgentEvent) => void): () => void;
  /** See `AgentRequests.command`. Works whatever the state stream's status. */
  command<Name extends CommandName>(
    request: CommandRequest<Name>,
    deadlineMilliseconds: number,
    signal: AbortSignal,
  ): Promise<CommandResults[Name]>;
  /** Connects, and connects again, until the signal aborts. Then resolves. */
  run(signal: AbortSignal): Promise<void>;
}

/** After so many silent periods the connection is given up: a new one says more. */
const SILENCES_BEFORE_REDIAL = 2;

export function createAgentClient(options: AgentClientOptions): AgentClient {
  const { target, tls, clock, stallMonitor, random } = options;
  const { silenceMilliseconds = 900, connectTimeoutMilliseconds = 1000, attention = () => 'none' } = options;
  const { pingMilliseconds = 1000, attentionMilliseconds = 250 } = options;
  const requests = createAgentRequests({ target, tls, clock });
  const backoff = createBackoff({ initialMilliseconds: 20, longestMilliseconds: 1000, random });
  const handlers = new Set<(event: AgentEvent) => void>();
  let view: AgentView = {
    status: 'connecting',
    statusSince: clock.monotonic(),
    error: undefined,
    frame: undefined,
    frameReceivedAt: undefined,
    roundTripMilliseconds: undefined,
    attendedAt: undefined,
  };

  const emit = (event: AgentEvent): void => handlers.forEach((handler) => handler(event));

  const setStatus = (status: PeerStatus, error?: Error): void => {
    const previous = view.status;
    const statusSince = status === previous ? view.statusSince : clock.monotonic();
    view = { ...view, status, statusSince, error };
    if (status !== previous) {
      emit({ kind: 'status', view, previous });
    }
  };

  const onFrame = (frame: StateFrame): void => {
    backoff.reset();
    view = { ...view, frame, frameReceivedAt: clock.monotonic() };
    setStatus('connected');
    emit({ kind: 'frame', view, frame });
  };

  /** One connection, from dialling to its end. Always rejects, with what ended it. */
  const attempt = (parent: AbortSignal): Promise<never> =>
    withScope(parent, async (signal, scope) => {
      let timer: Timer | undefined;
      let silences = 0;

      const watch = (milliseconds: number, onExpired: () => void): void => {
        timer?.cancel();
        timer = clock.setTimer(milliseconds, () => {
          // Late ourselves: what came meanwhile is yet to be read, and what did not may be our machine's fault.
          if (stallMonitor.isStalled()) {
            watch(milliseconds, onExpired);
          } else {
            onExpired();
          }
        });
      };
      const watchSilence = (): void => watch(silenceMilliseconds, onSilence);
      const onSilence = (): void => {
        silences += 1;
        const error = new SilenceError('Silent', silences * silenceMilliseconds);
        if (silences >= SILENCES_BEFORE_REDIAL) {
          scope.abort(error);
        } else {
          setStatus('silent', error);
          watchSilence();
        }
      };

      watch(connectTimeoutMilliseconds, () =>
        scope.abort(new SilenceError('ConnectTimeout', connectTimeoutMilliseconds)),
      );
      try {
        return await readStateStream(
          {
            target,
            tls,
            onAccepted: watchSilence,
            onFrame(frame) {
              silences = 0;
              watchSilence();
              onFrame(frame);
            },
          },
          signal,
        );
      } finally {
        timer?.cancel();
      }
    });

  const keepConnected = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        await attempt(signal);
      } catch (error) {
        if (!signal.aborted) {
          setStatus(statusAfter(error), isNativeError(error) ? error : new Error(String(error)));
          await clock.sleep(backoff.next(), signal).catch(() => {});
        }
      }
    }
  };

  const measure = async (isLeader: boolean, signal: AbortSignal): Promise<void> => {
    if (isLeader) {
      view = { ...view, attendedAt: clock.monotonic() };
    }
    // What a failed ping would say, the state stream says better.
    const roundTripMilliseconds = await requests
      .ping(isLeader, pingMilliseconds, signal)
      .catch(() => undefined);
    view = { ...view, roundTripMilliseconds };
  };

  /** Whether frames come as they should: whoever may be out of reach must not take us for there. */
  const isHeard = (): boolean =>
    view.status === 'connected' &&
    clock.monotonic() - (view.frameReceivedAt ?? -Infinity) <= 2 * attentionMilliseconds;

  const keepMeasuring = async (signal: AbortSignal): Promise<void> => {
    let measuredAt = clock.monotonic();
    while (!signal.aborted) {
      await clock.sleep(attentionMilliseconds, signal).catch(() => {});
      const role = attention();
      const isDue = role === 'primary' || clock.monotonic() - measuredAt >= pingMilliseconds;
      if (!signal.aborted && isDue && isHeard()) {
        measuredAt = clock.monotonic();
        void measure(role !== 'none', signal);
      }
    }
  };

  return {
    target,
    view: () => view,
    onEvent(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    command: (request, deadlineMilliseconds, signal) =>
      requests.command(request, deadlineMilliseconds, signal),
    async run(signal) {
      await Promise.all([keepConnected(signal), keepMeasuring(signal)]);
      requests.close();
    },
  };
}
