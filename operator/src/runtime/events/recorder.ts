import type { KubernetesObject } from '../objects.ts';

/** Something worth telling the user about an object. */
export interface EventDescription {
  readonly type: 'Normal' | 'Warning';
  /** Why, as a word in UpperCamelCase; at most 128 characters. */
  readonly reason: string;
  /** What was done, as a word in UpperCamelCase; at most 128 characters. */
  readonly action: string;
  /** One sentence for a person; cut at 1 kB. Keep figures that change out of it, or every one is a new event. */
  readonly note: string;
  /** Another object that took part. */
  readonly related?: KubernetesObject;
}

/** Tells events to the API server in the background. */
export interface EventRecorder {
  /**
   * Never waits, never throws, and drops what comes too fast. `regarding` must carry apiVersion, kind, name
   * and uid. The same event within six minutes raises the count of the first.
   */
  event(regarding: KubernetesObject, description: EventDescription): void;
}
