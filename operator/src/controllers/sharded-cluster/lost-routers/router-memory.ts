import type { RouterSight } from './decide-lost-routers.ts';
import type { Answer } from './knock.ts';

/** What is remembered of one router, by the uid of its pod. */
export class RouterMemory implements RouterSight {
  isReady = false;
  latest: Answer = 'silent';
  wasReached = false;
  silentAttempts = 0;
  marks = 0;

  /** Takes in what came of an attempt, and whether the API called the pod ready before it. */
  hear(answer: Answer, isReady: boolean): void {
    if (isReady && !this.isReady) {
      // The kubelet has said so: what was silent before may be back.
      this.silentAttempts = 0;
    }
    this.isReady = isReady;
    this.latest = answer;
    if (answer === 'silent') {
      this.silentAttempts += 1;
      return;
    }
    this.wasReached = true;
    this.silentAttempts = 0;
    this.marks = 0;
  }

  /** Begins to count anew after an attempt to mark it as lost. True for the first mark of this loss. */
  noteMark(isMarked: boolean): boolean {
    this.silentAttempts = 0;
    this.marks += isMarked ? 1 : 0;
    return isMarked && this.marks === 1;
  }
}
