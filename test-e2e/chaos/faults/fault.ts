import { setTimeout as delay } from 'node:timers/promises';
import type { Violation } from '../checkers/violation.ts';
import type { ClientStatus } from '../clients/settings.ts';
import type { Setting, Stage } from '../stage/stage.ts';
import type { PodPlace, Topology } from '../stage/topology.ts';

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
  /** Whether the primary stays and answers no write, so that a router can do no better than wait for it. */
  readonly primaryHangs?: boolean;
  /** Whether it keeps members from running, so that they cannot end themselves before it is undone. */
  readonly holdsMembers?: boolean;
  /** What the databases must be like. @default 'usual' */
  readonly setting?: Setting;
  /** Routers that it takes away, with the connections of their clients. @default none */
  losesRouters?(before: Topology): readonly PodPlace[];
  /** Does what needs time and changes nothing for clients, before the clients are watched. */
  prepare?(context: Pick<FaultContext, 'stage' | 'onUndo'>): Promise<void>;
  /** Does it. What is under way at its end, such as a time in which it lasts, is the runner's. */
  inject(context: FaultContext): Promise<void>;
  /** What must be seen of it while it lasts, and was not; asked for just before it is undone. */
  check?(context: FaultContext): Promise<readonly Violation[]>;
  /** How long promotions and writes may stay away, in milliseconds. @default 60_000 */
  readonly recoveryMilliseconds?: number;
  /** How long it lasts at least, in milliseconds, before it is undone. @default 1000 */
  readonly lastsMilliseconds?: number;
}

/** The node of the primary: what most faults touch. */
export function primaryNode(before: Topology): readonly string[] {
  return [before.primary.node];
}

/** The routers on the primary's node: lost where that node is. */
export function routersBesidePrimary({ primary, routers }: Topology): readonly PodPlace[] {
  return routers.filter(({ node }) => node === primary.node);
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
