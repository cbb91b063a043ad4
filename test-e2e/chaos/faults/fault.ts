import { setTimeout as delay } from 'node:timers/promises';
import type { ClientStatus } from '../clients/settings.ts';
import type { Stage } from '../stage/stage.ts';
import type { Topology } from '../stage/topology.ts';

/** What a fault works with. */
export interface FaultContext {
  readonly stage: Stage;
  /** As it was just before. */
  readonly before: Topology;
  /** Uniform in [0, 1), decided by the seed of the run. */
  readonly random: () => number;
  /** What the clients on an untouched node see. */
  status(): ClientStatus | undefined;
  /** What is to be undone; called in reverse order, once, whatever happened. */
  readonly onUndo: (undo: () => void | Promise<void>) => void;
}

/** One thing that goes wrong. */
export interface Fault {
  readonly name: string;
  /** What is done, for the documentation: a phrase without a full stop. */
  readonly description: string;
  /** Whether another member must take over, must not, or may. */
  readonly expects: 'promotion' | 'noPromotion' | 'either';
  /** Nodes that it touches: the clients stand on another one. */
  touches(before: Topology): readonly string[];
  /** Does what needs time and changes nothing for clients, before the clients are watched. */
  prepare?(context: Pick<FaultContext, 'stage' | 'onUndo'>): Promise<void>;
  /** Does it. What is under way at its end, such as a time in which it lasts, is the runner's. */
  inject(context: FaultContext): Promise<void>;
  /** How long it lasts at least, in milliseconds, before it is undone. @default 1000 */
  readonly lastsMilliseconds?: number;
}

/** The node of the primary: what most faults touch. */
export function primaryNode(before: Topology): readonly string[] {
  return [before.primary.node];
}

/** Nodes of all operators. */
export function operatorNodes(before: Topology): readonly string[] {
  return before.operators.map(({ node }) => node);
}

/** Waits until the clients' view is as wanted; false when it did not become so in time. */
export async function untilStatus(
  context: FaultContext,
  accept: (status: ClientStatus) => boolean,
  timeoutMilliseconds: number,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMilliseconds;
  while (performance.now() < deadline) {
    const status = context.status();
    if (status !== undefined && accept(status)) {
      return true;
    }
    await delay(5);
  }
  return false;
}
