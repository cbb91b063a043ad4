import type { Clock } from '../../runtime/clock.ts';
import type { AgentState } from '../protocol/agent-state.ts';
import { formatFrame, PROTOCOL_VERSION } from '../protocol/frame.ts';

/** The agent's state, as everybody who reads it sees it. */
export interface StateFeed {
  /** Makes `state` the current one, and tells the readers if it differs. */
  publish(state: AgentState): void;
  /** The current state as a frame made now; undefined before the first `publish`. */
  frame(): string | undefined;
  /** Calls `handler` after each change; returns how to stop that. */
  onChange(handler: () => void): () => void;
}

/** A feed without a state. */
export function createStateFeed(clock: Clock): StateFeed {
  const handlers = new Set<() => void>();
  let current: { readonly state: AgentState; readonly text: string } | undefined;
  let sequence = 0;
  return {
    publish(state) {
      const text = JSON.stringify(state);
      if (text === current?.text) {
        return;
      }
      current = { state, text };
      sequence += 1;
      handlers.forEach((handler) => handler());
    },
    frame() {
      return current === undefined
        ? undefined
        : formatFrame({ version: PROTOCOL_VERSION, sequence, sentAt: clock.now(), state: current.state });
    },
    onChange(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
}
