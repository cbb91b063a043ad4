import type { Answer } from './knock.ts';

/** What this process knows of the way to one router. */
export interface RouterSight {
  /** Whether the API calls its pod ready, so that new connections are led there. */
  readonly isReady: boolean;
  /** What came of the last attempt. Those of all routers of a cluster are made at the same time. */
  readonly latest: Answer;
  /** Whether this process has ever reached it: without, a rule of the network may keep the two apart. */
  readonly wasReached: boolean;
  /** Attempts in a row without any answer: since it was reached, was called ready, or was marked, whichever was last. */
  readonly silentAttempts: number;
  /** How often it was marked as lost since it was reached. */
  readonly marks: number;
}

/** Attempts without an answer, a second each, that make a router lost. */
const SILENT_ATTEMPTS = 4;

/** The kubelet contradicts a mark where the node lives. After so many of them, patience grows no more: 64 seconds. */
const PATIENCE_DOUBLES = 4;

/**
 * Which routers of one cluster are lost, with their nodes, while Kubernetes still leads connections there. None where more
 * of them are silent than answer: then this process may be the one that is cut off. So never the last one. Pure.
 */
export function decideLostRouters<Router extends RouterSight>(routers: readonly Router[]): Router[] {
  const published = routers.filter(({ isReady }) => isReady);
  const answering = published.filter(({ latest }) => latest === 'accepted');
  const silent = published.filter(({ latest }) => latest === 'silent');
  if (answering.length === 0 || silent.length > answering.length) {
    return [];
  }
  return silent.filter(
    ({ wasReached, silentAttempts, marks }) =>
      wasReached && silentAttempts >= SILENT_ATTEMPTS * 2 ** Math.min(marks, PATIENCE_DOUBLES),
  );
}

/** Which of them one more silent attempt would make lost. Pure. */
export function decideSuspects<Router extends RouterSight>(routers: readonly Router[]): Router[] {
  const afterOneMore = routers.map((router) => ({
    router,
    isReady: router.isReady,
    latest: router.latest,
    wasReached: router.wasReached,
    silentAttempts: router.silentAttempts + 1,
    marks: router.marks,
  }));
  return decideLostRouters(afterOneMore).map(({ router }) => router);
}
